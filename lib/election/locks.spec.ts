import { silentLogger, type Logger } from '../common/logger.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { FaultyRegistry } from '../testing/faulty-registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { createElections } from './create-elections.js';
import { type ElectionClient } from './election-client.js';
import { type Acquired, type AcquireOptions, type LockRun } from './locks.js';

const NAME = 'cron';
const KEY = { kind: 'key', space: 'locks', key: NAME } as const;
const MINUTE: AcquireOptions = { lockAtMostForMs: 60_000 };

interface Member {
  readonly client: ElectionClient;
  readonly registry: FaultyRegistry;
  readonly warnings: string[];
}

describe('a lock', () => {
  let clock: VirtualClock;
  let source: MemorySource;
  let members: Member[];

  async function member(): Promise<Member> {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
    const inner = await source.open({ clock, random: Math.random, logger });
    const registry = new FaultyRegistry(inner, clock);
    const client = createElections({ registry, clock, random: Math.random, logger, ttl: 10, name: 'host:1' });
    client.locks.observe(NAME);
    await clock.advance(50);
    const made = { client, registry, warnings };
    members.push(made);
    return made;
  }

  async function acquire({ client }: Member, options = MINUTE): Promise<Acquired> {
    const acquiring = client.locks.acquire(NAME, options);
    await clock.advance(0);
    return await acquiring;
  }

  async function granted(of: Member, options = MINUTE): Promise<LockRun> {
    const acquired = await acquire(of, options);
    if (!acquired.granted) throw new Error(`Expected the lock to be granted, got ${acquired.reason}.`);
    return acquired.run;
  }

  async function close(...closing: readonly Member[]): Promise<void> {
    const closed = Promise.all(closing.map(({ client }) => client.close(0)));
    await clock.advance(3_000);
    await closed;
    await Promise.all(closing.map(({ registry }) => registry.close()));
    members = members.filter((one) => !closing.includes(one));
  }

  beforeEach(() => {
    clock = new VirtualClock();
    source = memory();
    members = [];
  });

  afterEach(async () => {
    for (const { registry } of members) registry.heal();
    await close(...members);
    await clock.advance(120_000);
    expect(clock.pending).toBe(0);
  });

  it('is free at once after a run, with a higher term for each run', async () => {
    const [one, two] = [await member(), await member()];
    const first = await granted(one);
    expect(await acquire(one)).toEqual({ granted: false, reason: 'running' });
    expect(await acquire(two)).toEqual({ granted: false, reason: 'running' });
    first.end();
    first.end();
    await clock.advance(10);
    const second = await granted(two);
    expect(BigInt(second.term)).toBeGreaterThan(BigInt(first.term));
    expect([first.isHeld, second.isHeld]).toEqual([false, true]);
    second.end();
  });

  it('is held for lockAtLeastFor across a clean stop of the holder, counted from the call', async () => {
    const [one, two] = [await member(), await member()];
    (await granted(one, { lockAtMostForMs: 60_000, lockAtLeastForMs: 20_000 })).end();
    await clock.advance(1_000);
    await close(one);
    expect(await acquire(two)).toEqual({ granted: false, reason: 'held' });
    await clock.advance(15_000);
    expect(await acquire(two)).toEqual({ granted: false, reason: 'held' });
    await clock.advance(1_500);
    (await granted(two)).end();
  });

  it('is held for a short lockAtLeastFor by the live holder', async () => {
    const [one, two] = [await member(), await member()];
    (await granted(one, { lockAtMostForMs: 60_000, lockAtLeastForMs: 500 })).end();
    expect(await acquire(one)).toEqual({ granted: false, reason: 'held' });
    await clock.advance(400);
    expect((await acquire(two)).granted).toBe(false);
    await clock.advance(100);
    (await granted(two)).end();
  });

  it('aborts a job that outlives lockAtMostFor, and is free then', async () => {
    const [one, two] = [await member(), await member()];
    const run = await granted(one, { lockAtMostForMs: 5_000 });
    await clock.advance(4_999);
    expect(run.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(run.signal.reason).toMatchObject({ code: 'SIDEKICK_LOCK_LOST', reason: 'lock-at-most-for' });
    await clock.advance(10);
    (await granted(two)).end();
    run.end();
  });

  it('is free after lockAtMostFor although its holder hangs, counted from the first sight', async () => {
    const [one, two] = [await member(), await member()];
    const value = { format: 1, holder: 'x', state: 'running', remaining: 30, since: '' };
    source.store.put({ ...KEY, value: JSON.stringify(value) });
    await clock.advance(29_900);
    expect((await acquire(two)).granted).toBe(false);
    await clock.advance(200);
    (await granted(two)).end();
    await close(one);
  });

  it('outlives a crash of its holder by at most the TTL of the session', async () => {
    const [one, two] = [await member(), await member()];
    await granted(one);
    one.registry.fail('hang');
    await clock.advance(10_100);
    (await granted(two)).end();
  });

  it('aborts a run whose session is not acknowledged, before the registry drops it', async () => {
    const one = await member();
    const run = await granted(one);
    one.registry.fail('hang');
    await clock.advance(9_000);
    expect(run.isHeld).toBe(false);
    expect(run.signal.reason).toMatchObject({ reason: 'expired' });
    run.end();
  });

  it('aborts a run whose record another client removes', async () => {
    const one = await member();
    const run = await granted(one);
    await clock.advance(1_000);
    source.store.remove(KEY);
    await clock.advance(10);
    expect(run.signal.reason).toMatchObject({ reason: 'record-lost' });
    run.end();
  });

  it('aborts a run whose record was removed while the registry answered no read', async () => {
    const one = await member();
    const run = await granted(one);
    await clock.advance(1_000);
    one.registry.fail('down', 'list');
    source.store.remove(KEY);
    await clock.advance(5_000);
    expect(run.isHeld).toBe(true);
    one.registry.heal();
    await clock.advance(10_000);
    expect(run.signal.reason).toMatchObject({ reason: 'record-lost' });
    run.end();
  });

  it('is skipped while the registry is away, with one warning, and frees what landed meanwhile', async () => {
    const [one, two] = [await member(), await member()];
    one.registry.fail('swallow', 'write');
    for (let n = 0; n < 3; n++) {
      const acquiring = one.client.locks.acquire(NAME, MINUTE);
      await clock.advance(2_000);
      expect((await acquiring).granted).toBe(false);
    }
    one.registry.heal();
    await clock.advance(6_000);
    expect(one.warnings).toHaveLength(1);
    (await granted(two)).end();
  });

  it('grants no run after a shutdown, and aborts the running one', async () => {
    const one = await member();
    const run = await granted(one);
    one.client.shutdown();
    expect(run.signal.reason).toMatchObject({ reason: 'shutdown' });
    expect(await acquire(one)).toEqual({ granted: false, reason: 'closed' });
    run.end();
  });

  it('stays taken for a TTL by a job that outlives the shutdown', async () => {
    const [one, two] = [await member(), await member()];
    await granted(one);
    await close(one);
    expect((await acquire(two)).granted).toBe(false);
    await clock.advance(10_000);
    (await granted(two)).end();
  });

  it('waits for the first session of the process', async () => {
    const registry = new FaultyRegistry(
      await source.open({ clock, random: Math.random, logger: silentLogger }),
      clock,
    );
    const client = createElections({
      registry,
      clock,
      random: Math.random,
      logger: silentLogger,
      ttl: 10,
      name: 'x',
    });
    members.push({ client, registry, warnings: [] });
    const acquiring = client.locks.acquire(NAME, MINUTE);
    await clock.advance(100);
    const acquired = await acquiring;
    expect(acquired.granted).toBe(true);
    if (acquired.granted) acquired.run.end();
  });

  it('says that its session is not open yet, where the registry is only slow', async () => {
    const warnings: string[] = [];
    const registry = new FaultyRegistry(
      await source.open({ clock, random: Math.random, logger: silentLogger }),
      clock,
    );
    registry.fail('hang', 'open');
    const logger = { ...silentLogger, warn: (line: string) => void warnings.push(line) };
    const client = createElections({ registry, clock, random: Math.random, logger, ttl: 10, name: 'x' });
    members.push({ client, registry, warnings });
    const acquiring = client.locks.acquire(NAME, MINUTE);
    await clock.advance(2_000);
    expect(await acquiring).toEqual({ granted: false, reason: 'unreachable' });
    expect(warnings).toEqual([
      expect.stringMatching(/^Skipping locked runs until the session at memory:.* is open\.$/),
    ]);
    registry.heal();
  });

  it.each([
    [{ lockAtMostForMs: 0 }, /lockAtMostForMs/],
    [{ lockAtMostForMs: Infinity }, /lockAtMostForMs/],
    [
      { lockAtMostForMs: 10, lockAtLeastForMs: 11 },
      /lockAtLeastForMs.*from 0 to lockAtMostForMs \(10\), got 11/,
    ],
    [{ lockAtMostForMs: 10, lockAtLeastForMs: -1 }, /lockAtLeastForMs/],
  ])('refuses %j', async (options, message) => {
    const one = await member();
    await expect(one.client.locks.acquire(NAME, options)).rejects.toThrow(message);
  });

  it('is free at once when the application stops before the granted run begins', async () => {
    const [one, two] = [await member(), await member()];
    one.registry.slow(200);
    const acquiring = one.client.locks.acquire(NAME, { ...MINUTE, lockAtLeastForMs: 30_000 });
    await clock.advance(100);
    one.client.shutdown();
    await clock.advance(1_000);
    expect(await acquiring).toEqual({ granted: false, reason: 'closed' });
    expect((await acquire(two)).granted).toBe(true);
  });

  it('reports once that it cannot be freed, and when it is', async () => {
    const one = await member();
    const run = await granted(one);
    one.registry.fail('refuse', 'discard');
    run.end();
    await clock.advance(30_000);
    expect(one.warnings).toEqual([expect.stringContaining('The release of the lock "cron": ')]);
    one.registry.heal();
    await clock.advance(30_000);
    expect((await acquire(one)).granted).toBe(true);
  });

  it('warns once when a run loses its lock, and not when the application stops', async () => {
    const one = await member();
    const late = await granted(one, { lockAtMostForMs: 5_000, label: 'Invoices.send' });
    await clock.advance(20_000);
    late.end();
    const stolen = await granted(one, { ...MINUTE, label: 'Invoices.send' });
    source.store.remove(KEY);
    await clock.advance(1_000);
    stolen.end();
    await clock.advance(10);
    const stopped = await granted(one);
    one.client.shutdown();
    stopped.end();
    expect(one.warnings).toEqual([
      `The run of "cron" ends: the job ran longer than \`lockAtMostFor\`, so that another run may start. The signal of Invoices.send (term ${late.term}) is aborted: let the job end then, or raise \`lockAtMostFor\`.`,
      `The run of "cron" ends: another client removed or replaced its record. The signal of Invoices.send (term ${stolen.term}) is aborted: let the job end then.`,
    ]);
  });
});
