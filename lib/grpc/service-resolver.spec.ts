import { Metadata, status } from '@grpc/grpc-js';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { completeInstance } from '../registry/instance.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { ChannelTarget, TARGET_OPTION } from './channel-target.js';
import { type ResolverListener } from './resolver-answer.js';
import { ServiceResolver } from './service-resolver.js';

const endpoint = (id: string, more: Partial<Endpoint> = {}): Endpoint =>
  completeInstance({ service: 'hero', id, address: `10.0.0.${id}`, port: 80, ...more });

describe('ServiceResolver', () => {
  let clock: VirtualClock;
  let candidates: readonly Endpoint[];
  let listeners: Set<() => void>;
  let answers: { at: number; hosts: string[]; config: unknown; note: string }[];
  let warnings: string[];
  let firstList: Deferred<void> | undefined;

  const listener: ResolverListener = (endpoints, _attributes, config, note) => {
    const { value } = endpoints as { value: { addresses: { host: string }[] }[] };
    answers.push({
      at: clock.now(),
      hosts: value.map(({ addresses }) => addresses[0]!.host),
      config,
      note,
    });
  };

  function make(options: object = {}, given: ResolverListener = listener, port?: string): ServiceResolver {
    const handle = {
      name: 'hero',
      get candidates() {
        return candidates;
      },
      onCandidates: (added: () => void) => {
        listeners.add(added);
        return () => listeners.delete(added);
      },
      calls: { firstList: () => firstList?.promise },
      pick: () => {
        if (candidates.length === 0) throw new Error('the reason');
        return candidates[0];
      },
    };
    const logger = { warn: (line: string) => warnings.push(line) };
    const target = new ChannelTarget(handle as unknown as ServiceHandle, port, clock, logger);
    return new ServiceResolver({ Metadata, status }, { path: 'hero' }, given, {
      [TARGET_OPTION]: target,
      ...options,
    });
  }
  const change = (...endpoints: Endpoint[]): void => {
    candidates = endpoints;
    for (const each of [...listeners]) each();
  };

  beforeEach(() => {
    clock = new VirtualClock();
    candidates = [endpoint('1'), endpoint('2')];
    listeners = new Set();
    answers = [];
    warnings = [];
    firstList = undefined;
  });

  it('answers with one address for each instance and round robin, never before the call returns', async () => {
    const resolver = make();
    resolver.updateResolution();
    expect(answers).toEqual([]);
    await clock.advance(0);
    expect(answers).toMatchObject([
      {
        hosts: ['10.0.0.1', '10.0.0.2'],
        config: { ok: true, value: { loadBalancingConfig: [{ round_robin: {} }] } },
        note: '',
      },
    ]);
    resolver.destroy();
  });

  it("leaves the policy to the channel's own service config", async () => {
    const resolver = make({ 'grpc.service_config': '{}' });
    resolver.updateResolution();
    await clock.advance(0);
    expect(answers[0]!.config).toBeNull();
    resolver.destroy();
  });

  it('answers an empty list as a value, with the reason', async () => {
    candidates = [];
    const resolver = make();
    resolver.updateResolution();
    await clock.advance(0);
    expect(answers).toMatchObject([{ hosts: [], note: 'the reason' }]);
    resolver.destroy();
  });

  it('gives grpc-js up to 1.13 a value, and for an empty list an error after it', async () => {
    const calls: unknown[] = [];
    const old: ResolverListener = {
      onSuccessfulResolution: (endpoints, config) => calls.push([endpoints, config]),
      onError: (error) => calls.push(error),
    };
    const resolver = make({}, old);
    resolver.updateResolution();
    await clock.advance(0);
    change();
    await clock.advance(200);
    const config = { loadBalancingConfig: [{ round_robin: {} }], methodConfig: [] };
    expect(calls).toMatchObject([
      [
        [{ addresses: [{ host: '10.0.0.1', port: 80 }] }, { addresses: [{ host: '10.0.0.2', port: 80 }] }],
        config,
      ],
      [[], config],
      { code: 14, details: 'the reason' },
    ]);
    resolver.destroy();
  });

  it('answers a change within 200 ms of the last answer, and only the newest list', async () => {
    const resolver = make();
    resolver.updateResolution();
    await clock.advance(50);
    change(endpoint('1'));
    await clock.advance(50);
    change(endpoint('3'));
    await clock.advance(1_000);
    expect(answers.map(({ at, hosts }) => [at - answers[0]!.at, hosts])).toEqual([
      [0, ['10.0.0.1', '10.0.0.2']],
      [200, ['10.0.0.3']],
    ]);
    resolver.destroy();
  });

  it('gives no answer for a change that leaves the addresses as they are', async () => {
    const resolver = make();
    resolver.updateResolution();
    await clock.advance(1_000);
    change(endpoint('1', { weight: 3 }), endpoint('2'));
    await clock.advance(10_000);
    expect(answers).toHaveLength(1);
    resolver.destroy();
  });

  it('spaces repeated answers further and further while grpc-js asks after each, up to 5 s', async () => {
    const resolver = make({}, (...given) => {
      (listener as (...all: unknown[]) => void)(...given);
      resolver.updateResolution();
    });
    resolver.updateResolution();
    await clock.advance(20_000);
    const gaps = answers.slice(1).map(({ at }, index) => at - answers[index]!.at);
    expect(gaps).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    change(endpoint('1'));
    await clock.advance(200);
    expect(answers.at(-1)!.hosts).toEqual(['10.0.0.1']);
    resolver.destroy();
  });

  describe('without a list of the service', () => {
    beforeEach(() => {
      candidates = [];
      firstList = deferred();
    });

    it('answers with its first list, however often grpc-js asks before', async () => {
      const resolver = make();
      for (let second = 0; second < 3; second += 1) {
        resolver.updateResolution();
        await clock.advance(1_000);
      }
      expect(answers).toEqual([]);
      change(endpoint('1'));
      firstList?.resolve();
      await clock.advance(0);
      expect(answers).toMatchObject([{ hosts: ['10.0.0.1'] }]);
      resolver.destroy();
    });

    it('answers with the reason when none comes, and then at once', async () => {
      const resolver = make();
      resolver.updateResolution();
      await clock.advance(1_000);
      expect(answers).toEqual([]);
      firstList?.resolve();
      await clock.advance(0);
      expect(answers).toMatchObject([{ hosts: [], note: 'the reason' }]);
      firstList = deferred();
      resolver.updateResolution();
      await clock.advance(200);
      expect(answers).toHaveLength(2);
      change(endpoint('1'));
      await clock.advance(200);
      expect(answers.at(-1)).toMatchObject({ hosts: ['10.0.0.1'] });
      resolver.destroy();
    });

    it('is silent when it was destroyed before the list', async () => {
      const resolver = make();
      resolver.updateResolution();
      resolver.destroy();
      firstList?.resolve();
      await clock.advance(1_000);
      expect([answers, listeners.size, clock.pending]).toEqual([[], 0, 0]);
      resolver.updateResolution();
      await clock.advance(200);
      expect(answers).toHaveLength(1);
      resolver.destroy();
    });
  });

  it('answers every 200 ms at most while calls ask on an empty list', async () => {
    candidates = [];
    const resolver = make({}, (...given) => {
      (listener as (...all: unknown[]) => void)(...given);
      resolver.updateResolution();
    });
    resolver.updateResolution();
    await clock.advance(10_000);
    expect(answers).toHaveLength(51);
    resolver.destroy();
  });

  it('is silent between destroy and the next request, and then answers again', async () => {
    const resolver = make();
    resolver.updateResolution();
    resolver.destroy();
    await clock.advance(1_000);
    change(endpoint('1'));
    await clock.advance(1_000);
    expect([answers, listeners.size, clock.pending]).toEqual([[], 0, 0]);
    resolver.updateResolution();
    await clock.advance(0);
    expect(answers).toHaveLength(1);
    resolver.destroy();
    resolver.updateResolution();
    // grpc-js has forgotten the list, so that the answer is not a repeated one.
    await clock.advance(200);
    expect(answers).toHaveLength(2);
    resolver.destroy();
  });

  it('leaves out instances without the named port, and says so when there is none', async () => {
    const resolver = make({}, listener, 'grpc');
    resolver.updateResolution();
    await clock.advance(0);
    expect(answers[0]).toMatchObject({
      hosts: [],
      note: 'No instance of service "hero" has a port named "grpc".',
    });
    change(endpoint('1'), endpoint('2', { ports: { grpc: 81 } }));
    await clock.advance(200);
    expect(answers[1]).toMatchObject({ hosts: ['10.0.0.2'] });
    resolver.destroy();
  });

  it('warns once when weights differ', async () => {
    candidates = [endpoint('1', { weight: 3 }), endpoint('2')];
    const resolver = make();
    resolver.updateResolution();
    await clock.advance(0);
    change(endpoint('1', { weight: 2 }), endpoint('3'));
    await clock.advance(1_000);
    expect(warnings).toEqual([expect.stringContaining('The weights of service "hero" differ')]);
    resolver.destroy();
  });

  it('refuses a channel that was not made by grpcService', () => {
    expect(() => new ServiceResolver({ Metadata, status }, { path: 'hero' }, listener, {})).toThrow(
      'Expected the channel options of "sidekick:///hero" to be those of grpcService(), got others.',
    );
  });
});
