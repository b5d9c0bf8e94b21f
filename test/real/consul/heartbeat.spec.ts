import { type RegistrationEvent } from '../../../lib/registration/registration-status.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type EntryRecord, type KeyRecord } from '../../../lib/registry/entry-record.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { type ConsulAgent, startConsul } from '../../harness/consul.js';
import { monotonic, until } from '../../harness/wait.js';
import { ids, instance, never, open } from './support.js';

interface Kept {
  readonly keeper: LocalRegistrar;
  readonly registry: Registry;
  readonly events: RegistrationEvent[];
  keep(record: EntryRecord, ttl?: number): Promise<void>;
  types(key: string): string[];
  close(): Promise<void>;
}

async function keeping(agent: ConsulAgent): Promise<Kept> {
  const registry = await open(agent);
  const keeper = new LocalRegistrar({
    registry,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    ticker: clockTicker(systemClock),
    name: 'test',
  });
  const events: RegistrationEvent[] = [];
  keeper.onEvent((event) => events.push(event));
  return {
    keeper,
    registry,
    events,
    keep: async (record, ttl = 6) => {
      const key = record.kind === 'key' ? record.key : `${record.instance.service}/${record.instance.id}`;
      const { first } = await keeper.register(key, () => record, {
        ttl,
        updateInterval: 8,
        exclusive: false,
      });
      await first;
    },
    types: (key) => events.filter((event) => event.key === key).map(({ type }) => type),
    close: async () => {
      await keeper.close();
      await registry.close();
    },
  };
}

const KEY: KeyRecord = { kind: 'key', key: 'app/leader', value: 'me' };

async function valueOf(agent: ConsulAgent): Promise<string | undefined> {
  const answer = await agent.request('/v1/kv/app/leader?raw');
  return answer.status === 200 ? answer.text : undefined;
}

describe('Registrar on Consul', () => {
  let agent: ConsulAgent;
  beforeEach(async () => {
    agent = await startConsul();
  });
  afterEach(async () => {
    await agent.stop();
  });

  it('registers everything again after the agent restarted empty', async () => {
    const kept = await keeping(agent);
    await kept.keep(instance({}));
    await kept.keep(KEY);
    await agent.kill();
    await agent.restart();
    const start = monotonic();
    await until('both to be back', async () => {
      const listed = await ids(kept.registry, 'web');
      return listed.length === 1 && (await valueOf(agent)) === 'me';
    });
    expect(monotonic() - start).toBeLessThan(60_000);
    await until('both events', () =>
      ['web/web-1', KEY.key].every((key) => kept.types(key).at(-1) === 'restored'),
    );
    for (const key of ['web/web-1', KEY.key])
      expect(kept.types(key).filter((type) => type !== 'late')).toEqual(['alive', 'lost', 'restored']);
    await kept.close();
    expect(await agent.json('/v1/agent/services')).toEqual({});
    expect(await valueOf(agent)).toBeUndefined();
  });

  it('restores entries that other clients delete at once', async () => {
    const kept = await keeping(agent);
    // Each entry is checked every 40 s, too.
    await kept.keep(KEY, 120);
    await kept.keep(instance({}), 120);
    await agent.request('/v1/agent/service/deregister/web-1', { method: 'PUT' });
    await agent.request('/v1/kv/app/leader', { method: 'DELETE' });
    const start = monotonic();
    await until('the key', async () => (await valueOf(agent)) === 'me');
    await until('the instance', async () => (await agent.passing('web')).length === 1);
    expect(monotonic() - start).toBeLessThan(20_000);
    await kept.close();
  });

  it.each([
    ['an instance', instance({}) as EntryRecord],
    ['a key', KEY as EntryRecord],
  ])('leaves %s to the newer process, and takes it back when that process ends', async (_, record) => {
    const [older, newer] = [await keeping(agent), await keeping(agent)];
    await older.keep(record);
    await newer.keep(record);
    await until('the older to yield', () => older.events.some(({ reason }) => reason === 'taken-over'));
    const entryKey =
      record.kind === 'key' ? record : ({ kind: 'instance', service: 'web', id: 'web-1' } as const);
    const holder = async (): Promise<string | undefined> =>
      (await newer.registry.list(entryKey, never())).entries[0]?.owner;
    const owner = await holder();
    expect(owner).toBeDefined();
    // Long enough for several renewals of both: no fight.
    const end = monotonic() + 7_000;
    while (monotonic() < end) {
      expect(await holder()).toBe(owner);
      await until('a moment', () => new Promise((resolve) => setTimeout(() => resolve(true), 100)));
    }
    await newer.close();
    await until('the older to have it back', () => older.events.at(-1)?.type === 'restored');
    await older.close();
  });

  it('stops within its deadline when the agent hangs', async () => {
    const kept = await keeping(agent);
    await kept.keep(instance({}));
    await kept.keep(KEY);
    await agent.pause();
    const start = monotonic();
    await kept.close();
    expect(monotonic() - start).toBeLessThan(35_000);
  });
});
