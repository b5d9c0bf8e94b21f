import { endpoint, endpoints } from '../../test/harness/in-memory/endpoints.js';
import { silentLogger } from '../common/logger.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { ServiceBalancing } from './service-balancing.js';

function make(slowStart: number, balancer: 'round-robin' | 'maglev' = 'round-robin') {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const balancing = new ServiceBalancing(
    'web',
    { balancer, slowStart },
    { clock, random: () => 0, logger: { ...silentLogger, warn: (line) => warnings.push(line) } },
  );
  /** The share of `id` in the picks of one second, relative to an even share. */
  const share = async (id: string): Promise<number> => {
    let own = 0;
    for (let step = 0; step < 20; step++) {
      for (let pick = 0; pick < 15; pick++) if (balancing.balancer.pick()!.id === id) own += 1;
      await clock.advance(50);
    }
    return own / (300 - own);
  };
  return { clock, balancing, share, warnings };
}

describe('slow start', () => {
  it('holds the ramp of an endpoint that joins within 20 %, and has no timer before and after it', async () => {
    const { clock, balancing, share } = make(30);
    balancing.update(endpoints());
    balancing.update(endpoints('a', 'b'));
    expect(clock.pending).toBe(0);
    balancing.update(endpoints('a', 'b', 'c'));
    for (let second = 0; second < 30; second++) {
      const expected = (0.1 + (0.9 * (second + 0.5)) / 30) / 2;
      expect(Math.abs((await share('c')) / expected - 1)).toBeLessThan(0.2);
    }
    expect(clock.pending).toBe(0);
    expect(await share('c')).toBeCloseTo(0.5, 2);
  });

  it('multiplies the ramp with the weight', async () => {
    const { balancing, share } = make(1_000);
    balancing.update(endpoints('a'));
    balancing.update(endpoints('a', endpoint('b', { weight: 10 })));
    expect(Math.abs((await share('b')) - 1)).toBeLessThan(0.1);
    balancing.close();
  });

  it('begins again for an endpoint that returns from an ejection or changes its address', async () => {
    const { clock, balancing, share } = make(10);
    const list = endpoints('a', 'b');
    balancing.update(list);
    balancing.start(list[0]!).done();
    for (let call = 0; call < 5; call++) balancing.start(list[1]!).done(new Error('refused'));
    await clock.advance(30_000);
    expect(await share('b')).toBeLessThan(0.25);
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
    balancing.update(endpoints('a', endpoint('b', { port: 81 })));
    expect(await share('b')).toBeLessThan(0.25);
    balancing.close();
    expect(clock.pending).toBe(0);
  });

  it('is ignored with a warning where shares cannot grow', () => {
    const { clock, balancing, warnings } = make(10, 'maglev');
    balancing.update(endpoints('a'));
    balancing.update(endpoints('a', 'b'));
    expect(clock.pending).toBe(0);
    expect(warnings).toEqual([
      'Ignoring `slowStart` of service "web": with the balancer maglev, shares cannot grow.',
    ]);
  });

  it('has no timer after a close, although the list still changes', () => {
    const { clock, balancing } = make(10);
    balancing.update(endpoints('a'));
    balancing.close();
    balancing.update(endpoints('a', 'b'));
    expect(clock.pending).toBe(0);
    expect(balancing.balancer.pick()).toBeDefined();
  });
});
