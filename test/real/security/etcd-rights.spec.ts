import { etcd as etcdRegistry } from '../../../lib/etcd/index.js';
import {
  DiscoveryService,
  PilotedModule,
  RegistryRefusedError,
  Sidekick,
  SidekickModule,
} from '../../../lib/index.js';
import { type Change, type Registry } from '../../../lib/registry/index.js';
import { systemClock } from '../../../lib/common/clock.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { until } from '../../harness/wait.js';
import { documented } from './documented.js';
import { boot, complaints, failure, recording, type Recording, unreadable } from './support.js';

const SERVICE = { name: 'web', id: 'one', address: '10.0.0.1', port: 80 };
const KEY = '/servers/web';
const NEVER = new AbortController().signal;

/** A line that grants, with what it says. */
interface Grant {
  readonly role: string;
  readonly prefix: boolean;
  readonly right: string;
  readonly key: string;
  /** As a message names it. */
  readonly words: string;
}

function grantsOf(lines: readonly string[]): Grant[] {
  return lines.flatMap((line) => {
    const [, role, prefix, right, key] =
      /^etcdctl role grant-permission (\S+) (--prefix )?(\S+) (\S+)$/.exec(line) ?? [];
    if (role === undefined || right === undefined || key === undefined) return [];
    return [{ role, prefix: prefix !== undefined, right, key, words: `${right} ${prefix ?? ''}${key}` }];
  });
}

const ANNOUNCES = documented('sh', 'announces');
const DISCOVERS = documented('sh', 'discovers');

describe('The least rights of docs/registries.md for etcd', () => {
  let etcd: EtcdCluster;
  let logger: Recording;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    etcd = await startEtcd();
    await etcd.enableAuth('root');
    for (const line of [...ANNOUNCES, ...DISCOVERS]) await run(line);
  });
  beforeEach(() => {
    logger = recording();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(() => etcd.stop());

  async function run(line: string): Promise<void> {
    const [program, ...words] = line.split(' ');
    expect(program).toBe('etcdctl');
    await etcd.etcdctl(words);
  }

  async function revoke({ role, prefix, key }: Grant): Promise<void> {
    await etcd.etcdctl(['role', 'revoke-permission', role, ...(prefix ? ['--prefix'] : []), key]);
  }

  async function grant({ role, prefix, key }: Grant, right: string): Promise<void> {
    await etcd.etcdctl(['role', 'grant-permission', role, ...(prefix ? ['--prefix'] : []), right, key]);
  }

  /** Does something while a right is missing or reduced. */
  async function without<T>(one: Grant, rest: string | undefined, work: () => Promise<T>): Promise<T> {
    await revoke(one);
    if (rest !== undefined) await grant(one, rest);
    try {
      return await work();
    } finally {
      if (rest !== undefined) await revoke(one);
      await grant(one, one.right);
    }
  }

  // etcd needs some time for a password, and a boot fails without the first answer.
  const url = (user: string): string => `etcd://${user}:PASSWORD@${etcd.hosts}?timeout=20`;

  async function announcer(options: object = {}): Promise<Sidekick> {
    const app = await boot(
      SidekickModule.forRoot({ registry: url('announcer'), ttl: 10, logger, ...options }),
    );
    closing.push(() => app.close());
    return app.get(Sidekick);
  }

  async function discoverer(): Promise<DiscoveryService> {
    const app = await boot(
      PilotedModule.forRoot({
        registry: url('discoverer'),
        services: ['web'],
        boot: 'fail',
        bootTimeout: 60,
        logger,
      }),
    );
    closing.push(() => app.close());
    return app.get(DiscoveryService);
  }

  async function open(user: string): Promise<Registry> {
    const source = etcdRegistry({
      endpoints: etcd.urls,
      username: user,
      password: 'PASSWORD',
      headerTimeoutPerRequest: 20,
    });
    const registry = await source.open({ clock: systemClock, random: Math.random, logger });
    closing.push(() => registry.close());
    return registry;
  }

  it('are enough to announce, keep, change, withdraw, follow and list', async () => {
    const discovery = await discoverer();
    const sidekick = await announcer({ key: KEY, value: 'first' });
    const service = await sidekick.announce(SERVICE);
    await until('the instance', () => discovery.endpoints('web').length === 1);
    await sidekick.value('second');
    await service.update({ tags: ['blue'] });
    await until('the tag', () => discovery.pick('web').tags.includes('blue'));
    await sidekick.ttl(20);
    await service.pause();
    await until('no instance', () => discovery.endpoints('web').length === 0);
    service.resume();
    await until('the instance again', () => discovery.endpoints('web').length === 1);
    await discovery.refresh();
    expect(await etcd.get(KEY)).toBe('second');
    // The watch of the key restores an entry that an operator deletes.
    await etcd.delete(KEY);
    await until('the key again', async () => (await etcd.get(KEY)) === 'second');
    await sidekick.stop();
    await until('no instance in the end', () => discovery.endpoints('web').length === 0);
    expect(await etcd.keys('/')).toEqual([]);
    expect(complaints(logger)).toEqual([
      `warn: Lost "${KEY}" (deleted): another client deleted it. Registering it again.`,
    ]);
  });

  it('let a discoverer distinguish withdrawn from expired entries', async () => {
    const registry = await open('discoverer');
    const scope = { kind: 'service', service: 'web' } as const;
    const { cursor } = await registry.list(scope, NEVER);
    const changes: Change[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const batch of registry.watch(scope, cursor, stop.signal))
        if (batch.kind === 'changes') changes.push(...batch.changes);
    })();
    const sidekick = await announcer();
    await sidekick.announce(SERVICE);
    await until('the instance', () => changes.length === 1);
    await sidekick.stop();
    await until('its end', () => changes.length === 2);
    expect(changes[1]).toMatchObject({ kind: 'delete', cause: 'withdrawn' });
    stop.abort();
    await following;
  });

  const needed = grantsOf(ANNOUNCES).filter(({ key }) => !key.includes('.sessions'));

  it.each(
    needed.flatMap((one) =>
      [undefined, one.prefix ? 'read' : 'write'].map((rest) => [one.words, rest, one] as const),
    ),
  )('are all needed to announce: %s, of which %s is left', async (_, rest, one) => {
    const error = await without(one, rest, async () =>
      one.prefix
        ? await failure((await announcer()).announce(SERVICE))
        : await failure(announcer({ key: KEY })),
    );
    expect(error).toBeInstanceOf(RegistryRefusedError);
    expect(error.message).toContain('permission denied');
    // The very words that give it.
    expect(error.message).toMatch(
      new RegExp(
        `etcdctl role grant-permission ROLE (read|readwrite) ${one.prefix ? '--prefix ' : ''}${one.key}`,
      ),
    );
    expect(error.message).not.toContain('PASSWORD');
  });

  it('are needed for the records of sessions: without, an announcer logs a warning and continues', async () => {
    const sessions = grantsOf(ANNOUNCES).find(({ key }) => key.includes('.sessions'))!;
    await without(sessions, undefined, async () => {
      const sidekick = await announcer({ key: KEY, value: 'x' });
      await sidekick.announce(SERVICE);
      expect(sidekick.beats.map(({ state }) => state)).toEqual(['alive', 'alive']);
      await sidekick.stop();
    });
    expect(complaints(logger)).toEqual([expect.stringContaining(`ROLE readwrite --prefix ${sessions.key}`)]);
    // Half of it is a refusal: a record that may be written and not read fences off every write.
    const error = await without(sessions, 'write', async () => await failure(announcer({ key: KEY })));
    expect(error).toBeInstanceOf(RegistryRefusedError);
    expect(error.message).toContain(`ROLE readwrite --prefix ${sessions.key}`);
  });

  it('are all needed to discover', async () => {
    const [list, sessions] = grantsOf(DISCOVERS) as [Grant, Grant];
    const error = await without(list, undefined, async () => await unreadable(url('discoverer')));
    expect(error).toBeInstanceOf(RegistryRefusedError);
    expect(error.message).toContain(`etcdctl role grant-permission ROLE read --prefix ${list.key}`);
    // Without the records everything is watched, and the cause of a removal is unknown.
    await without(sessions, undefined, async () => {
      const sidekick = await announcer();
      const discovery = await discoverer();
      await sidekick.announce(SERVICE);
      await until('the instance', () => discovery.endpoints('web').length === 1);
      await sidekick.stop();
      await until('no instance', () => discovery.endpoints('web').length === 0);
    });
  });

  it('are not more than that: nothing else can be read, written or administered', async () => {
    const other = await open('discoverer');
    const list = other.list({ kind: 'service', service: 'other' }, NEVER);
    expect(await failure(list)).toBeInstanceOf(RegistryRefusedError);
    const key = other.list({ kind: 'key', key: KEY }, NEVER);
    expect(await failure(key)).toBeInstanceOf(RegistryRefusedError);
    const sidekick = await announcer();
    expect(await failure(sidekick.keep('/elsewhere'))).toBeInstanceOf(RegistryRefusedError);
    expect(await failure(sidekick.announce({ ...SERVICE, name: 'other' }))).toBeInstanceOf(
      RegistryRefusedError,
    );
  });

  it('that are taken away at run time leave the list as it is, and say so', async () => {
    const [list] = grantsOf(DISCOVERS) as [Grant];
    const sidekick = await announcer();
    await sidekick.announce(SERVICE);
    const discovery = await discoverer();
    const handle = discovery.of('web');
    await until('the instance', () => handle.endpoints.length === 1);
    await without(list, undefined, async () => {
      const error = await failure(discovery.refresh());
      expect(error).toBeInstanceOf(RegistryRefusedError);
      expect(handle.stale).toBe(true);
      expect(handle.endpoints).toHaveLength(1);
      expect(discovery.dump().services[0]?.error).toContain(`read --prefix ${list.key}`);
    });
    await until('the list to be fresh again', () => !handle.stale);
    expect(handle.endpoints).toHaveLength(1);
  });

  it('say that a user is needed, and that a password is wrong', async () => {
    const none = boot(
      SidekickModule.forRoot({ registry: `etcd://${etcd.hosts}?timeout=20`, key: KEY, logger }),
    );
    expect((await failure(none)).message).toMatch(/Authentication is enabled: set `username` and `password`/);
    const wrong = boot(
      SidekickModule.forRoot({
        registry: `etcd://announcer:CANARY@${etcd.hosts}?timeout=20`,
        key: KEY,
        logger,
      }),
    );
    const error = await failure(wrong);
    expect(error).toBeInstanceOf(RegistryRefusedError);
    expect(error.message).toMatch(/authentication failed, invalid user ID or password/);
    expect(error.message).not.toContain('CANARY');
  });
});
