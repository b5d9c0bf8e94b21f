import { type INestApplication } from '@nestjs/common';
import { until } from '../../test/harness/wait.js';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';
import { type Ready } from './readiness.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';

const INTERVAL_MS = 8_000;

describe('the option `service.ready`', () => {
  let bench: Bench;
  let answer: boolean;
  let calls: number;

  beforeEach(() => {
    bench = new Bench();
    answer = true;
    calls = 0;
  });
  afterEach(() => bench.close());

  const ready: Ready = () => {
    calls += 1;
    return answer;
  };

  async function listening(more: Partial<SidekickModuleOptions> = {}): Promise<INestApplication> {
    const options = { service: { name: 'web', id: 'a', ready }, ...more };
    const app = bench.closing((await bench.compiled(options)).createNestApplication());
    await app.listen(0, '127.0.0.1');
    return app;
  }

  async function asked(instances: number): Promise<void> {
    await bench.clock.advance(INTERVAL_MS);
    await until('the change', () => bench.instances().length === instances);
  }

  it('registers before app.listen() resolves when it returns true', async () => {
    await listening();
    expect(bench.instances()).toHaveLength(1);
    expect(bench.warnings()).toEqual([]);
  });

  it.each([true, false])(
    'boots while it returns false, failFast %s, and registers later',
    async (failFast) => {
      answer = false;
      const app = await listening({ failFast });
      await until('the first answer', () => bench.warnings().length === 1);
      expect(bench.instances()).toEqual([]);
      expect(app.get(Sidekick).beats).toMatchObject([{ key: 'web/a', state: 'paused' }]);
      await bench.clock.advance(3 * INTERVAL_MS);
      answer = true;
      await asked(1);
      await until('the log line', () => bench.warnings().length === 2);
      expect(app.get(Sidekick).beats).toMatchObject([{ key: 'web/a', state: 'alive' }]);
      expect(bench.warnings()).toEqual([
        expect.stringMatching(
          /^warn Not registering service "web" .*: `ready` returned false\. `ready` is called again every 8 s/,
        ),
        expect.stringMatching(/^warn Registered service "web" as "a"/),
      ]);
    },
  );

  it('deregisters and registers again, with one WARN a change', async () => {
    await listening();
    answer = false;
    await asked(0);
    await bench.clock.advance(3 * INTERVAL_MS);
    expect(bench.warnings()).toHaveLength(1);
    answer = true;
    await asked(1);
    await until('the log line', () => bench.warnings().length === 2);
    expect(bench.warnings()).toEqual([
      expect.stringMatching(/^warn Deregistering service "web" .*: `ready` returned false/),
      expect.stringMatching(/^warn Registered service "web" as "a"/),
    ]);
  });

  it('and pause() are independent', async () => {
    answer = false;
    const sidekick = (await listening()).get(Sidekick);
    sidekick.resume();
    await bench.clock.advance(INTERVAL_MS);
    expect(bench.instances()).toEqual([]);
    await sidekick.pause();
    answer = true;
    await bench.clock.advance(INTERVAL_MS);
    expect(bench.instances()).toEqual([]);
    sidekick.resume();
    await until('the registration', () => bench.instances().length === 1);
  });

  it('registers with the changes made meanwhile', async () => {
    answer = false;
    const sidekick = (await listening()).get(Sidekick);
    await sidekick.update({ tags: ['late'] });
    answer = true;
    await asked(1);
    expect(bench.instances()).toMatchObject([{ tags: ['late'] }]);
  });

  it('applies to announce() too', async () => {
    const sidekick = (await listening({ service: { name: 'other' } })).get(Sidekick);
    answer = false;
    const announced = await sidekick.announce({ name: 'web', address: '10.0.0.1', port: 80, ready });
    expect(bench.instances()).toEqual([]);
    answer = true;
    await asked(1);
    await announced.stop();
    const before = calls;
    await bench.clock.advance(3 * INTERVAL_MS);
    expect([calls, bench.instances()]).toEqual([before, []]);
  });

  it('rejects app.listen() where the registry refuses the first write', async () => {
    const options = { service: { name: 'web', ready }, registry: bench.readOnly() };
    const app = bench.closing((await bench.compiled(options)).createNestApplication());
    await expect(app.listen(0, '127.0.0.1')).rejects.toThrow('permission denied');
  });

  it('is not asked after app.close(), which does not wait for an answer', async () => {
    const never: Ready = () => new Promise(() => undefined);
    const app = await listening({ service: { name: 'web', ready: never }, failFast: false });
    await app.close();
    expect(bench.clock.pending).toBe(0);
    expect(bench.instances()).toEqual([]);
  });

  it('must be a function', async () => {
    const service = { name: 'web', ready: true as unknown as Ready };
    await expect(bench.compiled({ service })).rejects.toThrow(
      'Expected `service.ready` to be a function that returns true or false, got true.',
    );
  });
});
