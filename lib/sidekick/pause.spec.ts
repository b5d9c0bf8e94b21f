import { type INestApplication } from '@nestjs/common';
import { deferred } from '../common/async/deferred.js';
import { until } from '../../test/harness/wait.js';
import { Bench } from '../../test/harness/in-memory/sidekick-bench.js';
import { type KeyRecord } from '../registry/entry-record.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { Sidekick } from './sidekick.service.js';

describe('what begins during Sidekick.pause()', () => {
  let bench: Bench;
  let app: INestApplication;
  let sidekick: Sidekick;

  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.close());

  const value = (key: string): string | undefined =>
    (bench.registry.store.entry({ kind: 'key', key })?.record as KeyRecord | undefined)?.value;

  async function booted(options: SidekickModuleOptions = {}): Promise<void> {
    app = bench.closing((await bench.compiled(options)).createNestApplication());
    await app.init();
    sidekick = app.get(Sidekick);
  }

  async function paused(options: SidekickModuleOptions = {}): Promise<void> {
    await booted(options);
    await sidekick.pause();
  }

  it('is accepted at once, and registered by resume() with the last value', async () => {
    await paused();
    const kept = await sidekick.keep('jobs/1', 'a');
    await kept.value('b');
    expect(value('jobs/1')).toBeUndefined();
    expect(sidekick.beats).toMatchObject([{ key: 'jobs/1', state: 'paused' }]);
    expect(bench.lines.filter((line) => line.includes('jobs/1'))).toEqual([
      'log Not registering key "jobs/1" yet: Sidekick.pause() is in force. Sidekick.resume() registers it.',
    ]);
    sidekick.resume();
    await until('the key', () => value('jobs/1') === 'b');
    await until('the log line', () =>
      bench.lines.some((line) => line.startsWith('log Registered key "jobs/1"')),
    );
  });

  it('stays away after its own stop()', async () => {
    await paused();
    const [one, two] = [await sidekick.keep('one'), await sidekick.keep('two')];
    await one.stop();
    sidekick.resume();
    await until('the other key', () => value(two.key) !== undefined);
    expect([value('one'), sidekick.beats.map(({ key }) => key)]).toEqual([undefined, ['two']]);
  });

  it('is refused where it would be refused otherwise', async () => {
    await booted();
    await sidekick.keep('k');
    await sidekick.pause();
    await expect(sidekick.keep('k')).rejects.toThrow('registered by this process already');
    const failing = (): string => {
      throw new Error('no value');
    };
    await expect(sidekick.keep('other', failing)).rejects.toThrow('no value');
  });

  it('waits too when its first value was being computed as the pause began', async () => {
    await booted();
    const computed = deferred<string>();
    const keeping = sidekick.keep('k', () => computed.promise);
    await sidekick.pause();
    computed.resolve('v');
    await keeping;
    expect([value('k'), sidekick.beats[0]?.state]).toEqual([undefined, 'paused']);
    sidekick.resume();
    await until('the key', () => value('k') === 'v');
  });

  it.each([
    ['without `ready`', undefined],
    ['with `ready`', () => true],
  ])('waits also for an instance %s', async (_, ready) => {
    await paused();
    const service = { name: 'web', address: '10.0.0.1', port: 80, ...(ready && { ready }) };
    await sidekick.announce(service);
    expect(bench.instances()).toEqual([]);
    sidekick.resume();
    await until('the instance', () => bench.instances().length === 1);
  });

  it('does not delay app.listen()', async () => {
    await paused({ service: { name: 'web' } });
    await app.listen(0, '127.0.0.1');
    expect(bench.instances()).toEqual([]);
    sidekick.resume();
    await until('the instance', () => bench.instances().length === 1);
  });

  it('reports a first write that fails after resume() once', async () => {
    await paused({ registry: bench.readOnly() });
    await sidekick.keep('k');
    sidekick.resume();
    const warnings = (): string[] => bench.warnings().filter((line) => line.includes('"k"'));
    await until('the warning', () => warnings().length > 0);
    expect(warnings()).toEqual([
      expect.stringMatching(/^warn Registering the key "k" failed; retrying .*permission denied/),
    ]);
  });
});
