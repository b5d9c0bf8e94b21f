import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { CHANNELS } from '../common/diagnostics.js';
import { type Logger, silentLogger } from '../common/logger.js';
import { type Registry } from '../registry/registry.js';
import { fixed } from '../registries/fixed/fixed.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { FaultyRegistry } from '../testing/faulty-registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { createElections } from './create-elections.js';
import { type ElectionChange } from './election.js';
import { type ElectionClient } from './election-client.js';

const TTL_MS = 10_000;

/** One process of the fleet. */
interface Member {
  readonly client: ElectionClient;
  readonly registry: FaultyRegistry;
  readonly changes: ElectionChange[];
}

describe('an election in memory', () => {
  let clock: VirtualClock;
  let source: MemorySource;
  let members: Member[];

  async function member(logger: Logger = silentLogger): Promise<Member> {
    const inner: Registry = await source.open({ clock, random: Math.random, logger: silentLogger });
    const registry = new FaultyRegistry(inner, clock);
    const client = createElections({
      registry,
      clock,
      random: Math.random,
      logger,
      ttl: TTL_MS / 1_000,
      name: `host:${members.length}`,
      applicationId: 'app',
    });
    const changes: ElectionChange[] = [];
    client.of('job').changes.subscribe((change) => changes.push(change));
    const made = { client, registry, changes };
    members.push(made);
    return made;
  }

  const leaders = (): number[] =>
    members.flatMap(({ client }, index) => (client.of('job').isLeader ? [index] : []));

  beforeEach(() => {
    clock = new VirtualClock();
    source = memory();
    members = [];
  });

  afterEach(async () => {
    const closing = Promise.all(
      members.map(async ({ client, registry }) => {
        registry.heal();
        await client.close(0);
        await registry.close();
      }),
    );
    await clock.advance(20_000);
    await closing;
    expect(clock.pending).toBe(0);
  });

  it('has the first candidate lead, and the others follow it', async () => {
    const [one, two] = [await member(), await member()];
    one.client.of('job').campaign({ meta: { host: 'one' } });
    await clock.advance(100);
    two.client.of('job').campaign();
    await clock.advance(30_000);
    expect(leaders()).toEqual([0]);
    expect(two.client.dump()[0]?.leader).toEqual(one.client.dump()[0]?.leader);
    const began = clock.wall() - 30_100;
    const { name, since = '' } = two.client.of('job').leader ?? {};
    expect(name).toBe('host:0');
    expect(Date.parse(since)).toBeGreaterThanOrEqual(began);
    expect(Date.parse(since)).toBeLessThan(began + 1_000);
    expect(one.changes.map(({ type }) => type)).toEqual(['elected']);
    expect(two.client.of('job').leader).toEqual(one.client.of('job').leader);
    expect(two.client.of('job').leader?.meta).toEqual({ host: 'one' });
    expect(two.client.dump()[0]).toMatchObject({ name: 'job', state: 'follower', isLeader: false });
  });

  it('hands over at once after a release, with a higher term', async () => {
    const [one, two] = [await member(), await member()];
    one.client.of('job').campaign();
    await clock.advance(100);
    two.client.of('job').campaign();
    await clock.advance(5_000);
    const [first, signal] = [one.client.of('job').term, one.client.of('job').signal];
    const resigned = one.client.of('job').resign();
    expect(signal.aborted).toBe(true);
    expect(one.client.of('job').isLeader).toBe(false);
    await clock.advance(50);
    await resigned;
    expect(leaders()).toEqual([1]);
    expect(BigInt(two.client.of('job').term ?? 0)).toBeGreaterThan(BigInt(first ?? 0));
  });

  it('fails over within the TTL plus a second when the leader is cut off', async () => {
    const [one, two] = [await member(), await member()];
    one.client.of('job').campaign();
    await clock.advance(100);
    two.client.of('job').campaign();
    await clock.advance(20_000);
    one.registry.fail('hang');
    await clock.advance(TTL_MS + 1_000);
    expect(leaders()).toEqual([1]);
    expect(one.changes.at(-1)).toMatchObject({ type: 'deposed', reason: 'expired' });
  });

  it('elects a leader over a network whose round trip is longer than the usual timeout, and keeps it', async () => {
    const one = await member();
    one.registry.slow(1_400);
    one.client.of('job').campaign();
    await clock.advance(30_000);
    expect(leaders()).toEqual([0]);
    await clock.advance(60_000);
    expect(one.changes.map(({ type }) => type)).toEqual(['elected']);
  });

  it('logs an outage once for all elections, and its end once', async () => {
    const lines: string[] = [];
    const one = await member({
      log: (line) => lines.push(line),
      warn: (line) => lines.push(`WARN ${line}`),
      error: (line) => lines.push(`ERROR ${line}`),
    });
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) one.client.of(name).campaign();
    one.client.locks.observe('lock');
    await clock.advance(5_000);
    lines.length = 0;
    one.registry.fail('down');
    await clock.advance(30_000);
    expect(lines.filter((line) => line.includes('no longer leads')).length).toBe(names.length);
    expect(lines.filter((line) => line.startsWith('WARN') && !line.includes('no longer leads'))).toEqual([
      expect.stringMatching(/^WARN Elections and locks do not reach the registry memory:/),
    ]);
    lines.length = 0;
    one.registry.heal();
    await clock.advance(30_000);
    expect(lines.filter((line) => !line.startsWith('This instance leads'))).toEqual([
      expect.stringMatching(/^Elections and locks reach the registry memory:.* again\.$/),
    ]);
  });

  it('has the write of a deposed leader refused by a store that compares terms', async () => {
    /** As `UPDATE … WHERE last_term <= $1::bigint`. */
    const store = {
      lastTerm: 0n,
      write: (term: string): boolean => {
        if (store.lastTerm > BigInt(term)) return false;
        store.lastTerm = BigInt(term);
        return true;
      },
    };
    const [one, two] = [await member(), await member()];
    let deposed: string | undefined;
    // More than nine terms, so that a comparison of strings would fail.
    for (let n = 0; n < 12; n += 1) {
      const [leader, other] = n % 2 === 0 ? [one, two] : [two, one];
      leader.client.of('job').campaign();
      await clock.advance(1_000);
      const term = leader.client.of('job').term ?? '';
      expect(store.write(term)).toBe(true);
      if (deposed !== undefined) expect(store.write(deposed)).toBe(false);
      deposed = term;
      other.client.of('job').campaign();
      await clock.advance(1_000);
      const resigned = leader.client.of('job').resign();
      await clock.advance(1_000);
      await resigned;
    }
    expect(deposed?.length).toBeGreaterThan(1);
  });

  it('keeps leader and term over a short outage', async () => {
    const one = await member();
    one.client.of('job').campaign();
    await clock.advance(20_000);
    const { term } = one.client.of('job');
    one.registry.fail('hang');
    await clock.advance(TTL_MS / 2 - 1_500);
    one.registry.heal();
    await clock.advance(30_000);
    expect(one.client.of('job').term).toBe(term);
    expect(one.changes.map(({ type }) => type)).toEqual(['elected']);
  });

  it('denies leadership to a process that was paused, before any event', async () => {
    const one = await member();
    one.client.of('job').campaign();
    await clock.advance(5_000);
    let seen: boolean | undefined;
    clock.after(0, () => {
      seen = one.client.of('job').isLeader;
    });
    await clock.jump(TTL_MS);
    expect(seen).toBe(false);
  });

  it('ends leadership before the registry drops a session that is not renewed, although writes are acknowledged', async () => {
    const one = await member();
    one.client.of('job').campaign();
    await clock.advance(5_000);
    one.registry.fail('hang', 'renew');
    await clock.advance(6_000);
    // From here on it does not hear that the session has ended either.
    one.registry.fail('hang');
    const key = { kind: 'key', space: 'elections', key: 'job' } as const;
    while (source.store.entry(key)) await clock.advance(10);
    // It has never seen the record, and so leads at once.
    (await member()).client.of('job').campaign();
    await clock.advance(10);
    expect(leaders()).toEqual([1]);
  });

  it('publishes each change, with the application', async () => {
    const messages: unknown[] = [];
    const subscriber = (message: unknown): void => void messages.push(message);
    subscribe(CHANNELS.electionChange.name, subscriber);
    try {
      const one = await member();
      one.client.of('job').campaign();
      await clock.advance(100);
      const { term, leader } = one.client.of('job');
      void one.client.of('job').resign();
      await clock.advance(100);
      const shared = { applicationId: 'app', election: 'job', term };
      expect(messages).toEqual([
        { ...shared, type: 'elected', leader: leader?.id, reason: undefined },
        { ...shared, type: 'deposed', leader: undefined, reason: 'resigned' },
      ]);
      expect(Object.isFrozen(messages[0])).toBe(true);
    } finally {
      unsubscribe(CHANNELS.electionChange.name, subscriber);
    }
  });

  it('refuses a registry that cannot be written', async () => {
    const registry = await fixed({ web: ['10.0.0.1:80'] }).open({
      clock,
      random: Math.random,
      logger: silentLogger,
    });
    const create = () =>
      createElections({ registry, clock, random: Math.random, logger: silentLogger, ttl: 10, name: 'x' });
    expect(create).toThrow(/Elections and locks need a registry that can be written, got fixed:/);
  });

  it('has no second leader after an operator deleted the record', async () => {
    const [one, two] = [await member(), await member()];
    one.client.of('job').campaign();
    await clock.advance(100);
    two.client.of('job').campaign();
    await clock.advance(5_000);
    source.store.remove({ kind: 'key', space: 'elections', key: 'job' });
    for (let step = 0; step < 150; step++) {
      await clock.advance(100);
      expect(leaders().length).toBeLessThan(2);
    }
    expect(leaders()).toHaveLength(1);
  });

  it('releases only when the jobs have ended, or not at all', async () => {
    const [one, two] = [await member(), await member()];
    one.client.of('job').campaign();
    await clock.advance(100);
    two.client.of('job').campaign();
    await clock.advance(1_000);
    const run = one.client.of('job').begin();
    one.client.shutdown();
    expect(run?.signal.aborted).toBe(true);
    expect(one.client.of('job').begin()).toBeUndefined();
    const closed = one.client.close(5_000);
    await clock.advance(3_000);
    expect(leaders()).toEqual([]);
    run?.end();
    await clock.advance(100);
    expect(leaders()).toEqual([1]);
    await clock.advance(1_000);
    await closed;
  });

  it('grants a lock to one of two', async () => {
    const [one, two] = [await member(), await member()];
    one.client.locks.observe('cron');
    two.client.locks.observe('cron');
    await clock.advance(100);
    const acquire = async (which: Member) => {
      const acquiring = which.client.locks.acquire('cron', {
        lockAtMostForMs: 60_000,
        lockAtLeastForMs: 1_000,
      });
      await clock.advance(0);
      return await acquiring;
    };
    const first = await acquire(one);
    expect(first.granted).toBe(true);
    expect(await acquire(two)).toEqual({ granted: false, reason: 'running' });
    if (first.granted) first.run.end();
    await clock.advance(500);
    expect(await acquire(two)).toEqual({ granted: false, reason: 'running' });
    await clock.advance(500);
    const second = await acquire(two);
    expect(second.granted).toBe(true);
    if (second.granted) second.run.end();
  });

  it('continues when the logger of the application throws', async () => {
    const log = (): never => {
      throw new Error('disk full');
    };
    const one = await member({ ...silentLogger, log, warn: log });
    one.client.of('job').campaign();
    await clock.advance(60_000);
    expect(leaders()).toEqual([0]);
    await one.client.of('job').resign();
    expect(one.changes.map(({ type }) => type)).toEqual(['elected', 'deposed']);
  });

  it('defers a campaign that begins during a pause, and forgets one that is resigned', async () => {
    const { client } = await member();
    client.of('resigned').campaign();
    await clock.advance(1_000);
    const pausing = client.pause();
    await clock.advance(1_000);
    await pausing;
    const [job, late] = [client.of('job'), client.of('late')];
    job.campaign({ meta: { at: 'here' } });
    job.campaign();
    late.campaign();
    const resigning = client.of('resigned').resign();
    await clock.advance(30_000);
    await resigning;
    expect(client.dump().filter(({ isLeader }) => isLeader)).toEqual([]);
    client.resume();
    await clock.advance(1_000);
    const leading = client.dump().filter(({ isLeader }) => isLeader);
    expect(leading.map(({ name }) => name).toSorted()).toEqual(['job', 'late']);
    expect(job.leader?.meta).toEqual({ at: 'here' });
  });
});
