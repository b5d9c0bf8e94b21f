import { type RegistrationEvent } from '../../../lib/registration/registration-status.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { type RegistrationOptions } from '../../../lib/registration/registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type EntryRecord } from '../../../lib/registry/entry-record.js';
import { registryPool } from '../../../lib/registry/registry-pool.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { monotonic, sleep, until } from '../../harness/wait.js';

const OPTIONS: RegistrationOptions = { ttl: 10, updateInterval: 8, exclusive: false };

const key =
  (name: string, value: string): (() => EntryRecord) =>
  () => ({ kind: 'key', key: name, value });
/** What happened to the entries. On a busy machine a renewal may be late. */
const types = (events: readonly RegistrationEvent[]): string[] =>
  events.filter(({ type }) => type !== 'late').map(({ type, reason }) => reason ?? type);

/** A reader may see a write before its writer has the answer. */
const reported = async (events: readonly RegistrationEvent[], count: number): Promise<void> => {
  await until(`${count} events`, () => types(events).length >= count);
};

/** What happens when members fail: `kill-members`, `black-hole` and `quorum-lost-*` of test/chaos. */
describe('the heartbeat on a cluster of three etcd members', () => {
  let etcd: EtcdCluster;
  const closers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    etcd = await startEtcd({ size: 3 });
  });
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()));
  });
  afterAll(() => etcd.stop());

  async function keeper(): Promise<{
    keeper: LocalRegistrar;
    events: RegistrationEvent[];
    close: () => Promise<void>;
  }> {
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    const source = registrySource(`etcd://${etcd.hosts}?timeout=10`, {});
    // A connection of its own for each, as separate processes have.
    const { registry, release } = await registryPool.acquire(
      { ...source, identity: `${source.identity}#${closers.length}` },
      deps,
    );
    const made = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(systemClock), name: 'spec' });
    const events: RegistrationEvent[] = [];
    made.onEvent((event) => events.push(event));
    const close = async (): Promise<void> => {
      await made.close();
      await release();
    };
    closers.push(close);
    return { keeper: made, events, close };
  }

  async function keep(
    on: LocalRegistrar,
    name: string,
    value: string,
    options: Partial<RegistrationOptions> = {},
  ): Promise<void> {
    const { first } = await on.register(name, key(name, value), { ...OPTIONS, ...options });
    await first;
  }

  it('a foreign delete and an overwrite are repaired (row 9)', async () => {
    const { keeper: holder, events } = await keeper();
    await keep(holder, '/row9', 'ours');
    await etcd.delete('/row9');
    await until('the key', async () => (await etcd.get('/row9')) === 'ours');
    await reported(events, 3);
    await etcd.put('/row9', 'theirs');
    await until('our value', async () => (await etcd.get('/row9')) === 'ours');
    await reported(events, 5);
    expect(types(events)).toEqual(['alive', 'deleted', 'restored', 'overwritten', 'restored']);
  });

  it('of two holders the newer has the key, and the older has it back (row 9)', async () => {
    const older = await keeper();
    const newer = await keeper();
    await keep(older.keeper, '/two', 'old');
    await keep(newer.keeper, '/two', 'new');
    await until('the older to wait', () => older.keeper.statuses[0]?.state === 'standby');
    const revision = await etcd.revision();
    await sleep(3_000);
    expect(await etcd.revision()).toBe(revision);
    expect(await etcd.get('/two')).toBe('new');
    await newer.close();
    await until('the older value', async () => (await etcd.get('/two')) === 'old');
    await reported(older.events, 3);
    expect(types(older.events)).toEqual(['alive', 'taken-over', 'restored']);
  });

  it('one revoked lease of several costs the others nothing (row 12)', async () => {
    const { keeper: holder, events } = await keeper();
    await keep(holder, '/row12/a', 'a', { ttl: 20 });
    const before = await etcd.leases();
    await keep(holder, '/row12/b', 'b', { ttl: 21 });
    const [lease] = (await etcd.leases()).filter((id) => !before.includes(id));
    await etcd.revoke(lease!);
    await until('the key', async () => (await etcd.get('/row12/b')) === 'b');
    expect(types(events.filter((event) => event.key === '/row12/a'))).toEqual(['alive']);
  });

  it('a thousand keys of one process are one lease', async () => {
    const { keeper: holder } = await keeper();
    const before = await etcd.leases();
    const ids = await Promise.all(
      Array.from(
        { length: 1_000 },
        async (_, n) =>
          // Longer than a thousand writes take on a busy machine.
          await holder.register(`/many/${n}`, key(`/many/${n}`, 'v'), { ...OPTIONS, ttl: 60 }),
      ),
    );
    await Promise.all(ids.map(({ first }) => first));
    expect((await etcd.leases()).length - before.length).toBe(1);
    expect(await etcd.keys('/many/')).toHaveLength(1_000);
    await holder.close();
    expect(await etcd.keys('/many/')).toEqual([]);
  });

  it("an instance reads in the JSON of etcd's Go naming package", async () => {
    const { keeper: holder } = await keeper();
    const instance = completeInstance({
      service: 'web',
      id: 'one',
      address: '10.0.0.1',
      port: 80,
      tags: ['blue'],
    });
    const { first } = await holder.register('web/one', () => ({ kind: 'instance', instance }), OPTIONS);
    await first;
    const text = await etcd.etcdctl(['get', '--prefix', '/', '--write-out=fields']);
    expect(text).toContain('web/one');
    const json = await etcd.etcdctl(['get', '--prefix', '/', '--write-out=json']);
    const { kvs } = JSON.parse(json) as { kvs: { key: string; value: string }[] };
    const found = kvs.find(({ key: name }) => Buffer.from(name, 'base64').toString().endsWith('/web/one'));
    const value = JSON.parse(Buffer.from(found!.value, 'base64').toString()) as Record<string, unknown>;
    expect(value).toMatchObject({ Op: 0, Addr: '10.0.0.1:80' });
    expect(value).toHaveProperty('Metadata');
  });

  it('the key is gone when close() resolves, and no traffic follows (row 15)', async () => {
    const { keeper: holder, close } = await keeper();
    await keep(holder, '/row15', 'here');
    await close();
    expect(await etcd.get('/row15')).toBeUndefined();
  });

  it('close() does not wait for members that are down (row 15)', async () => {
    const { keeper: holder, close } = await keeper();
    await keep(holder, '/row15/down', 'here', { ttl: 3 });
    await Promise.all(etcd.members.map((member) => member.kill()));
    const from = monotonic();
    await close();
    expect(monotonic() - from).toBeLessThan(30_000);
    await Promise.all(etcd.members.map((member) => member.restart()));
    await etcd.whenHealthy();
  });
});
