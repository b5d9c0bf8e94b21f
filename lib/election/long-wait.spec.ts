import { type Logger, silentLogger } from '../common/logger.js';
import { type Registry, type Session } from '../registry/registry.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { createElections } from './create-elections.js';
import { type ElectionClient } from './election-client.js';

const NEVER = new AbortController().signal;
const DAY_S = 86_400;
const ELECTION = JSON.stringify({ format: 1, holder: 'hand', beat: 1, meta: {}, since: '' });
const LOCK = JSON.stringify({ format: 1, holder: 'hand', state: 'held', since: '' });

describe('a record that states an unusually long time', () => {
  let clock: VirtualClock;
  let source: MemorySource;
  let registry: Registry;
  let hand: Session;
  let client: ElectionClient;
  let warnings: string[];

  beforeEach(async () => {
    clock = new VirtualClock();
    source = memory();
    warnings = [];
    const logger: Logger = { ...silentLogger, warn: (line) => void warnings.push(line) };
    const deps = { clock, random: Math.random, logger };
    registry = await source.open(deps);
    hand = await registry.openSession({ ttl: 30 * DAY_S }, NEVER);
    client = createElections({ ...deps, registry, ttl: 10, name: 'host:1' });
  });

  afterEach(async () => {
    const closed = client.close(0);
    // A released record is kept for one TTL.
    await clock.advance(20_000);
    await closed;
    await hand.end(NEVER);
    await registry.close();
    expect(clock.pending).toBe(0);
  });

  async function write(space: 'elections' | 'locks', value: string): Promise<void> {
    const key = { kind: 'key', space, key: 'job' } as const;
    const version = source.store.entry(key)?.version;
    await hand.write({ ...key, value }, version, NEVER);
  }

  /** The JSON with a field more, whose number is as written. */
  const stating = (record: string, field: string, seconds: string): string =>
    record.replace('{', `{"${field}":${seconds},`);

  async function granted(): Promise<boolean> {
    const acquiring = client.locks.acquire('job', { lockAtMostForMs: 60_000 });
    await clock.advance(0);
    const acquired = await acquiring;
    if (acquired.granted) acquired.run.end();
    return acquired.granted;
  }

  it.each(['1e9', '1e300', '1e999'])(
    'above the options (%s s) holds an election for one own TTL',
    async (ttl) => {
      await write('elections', stating(ELECTION, 'ttl', ttl));
      client.of('job').campaign();
      await clock.advance(9_000);
      expect(client.of('job').isLeader).toBe(false);
      await clock.advance(3_000);
      expect(client.of('job').isLeader).toBe(true);
      expect(warnings).toEqual([
        `The record of the election "job" in ${registry.url} states a \`ttl\` of ${Number(ttl)} s, above the 2000000 s that an instance can have. It is taken for a record of another program, and contested 10 s after its last change.`,
      ]);
    },
  );

  it('within the options holds an election, is reported once, and is ended by an empty value', async () => {
    client.of('job');
    await clock.advance(1_000);
    await write('elections', stating(ELECTION, 'ttl', `${DAY_S}`));
    await clock.advance(60_000);
    expect(warnings).toEqual([]);
    client.of('job').campaign();
    await clock.advance(60_000);
    await write('elections', stating(ELECTION.replace('"beat":1', '"beat":2'), 'ttl', `${DAY_S}`));
    await clock.advance(60_000);
    expect(client.of('job').isLeader).toBe(false);
    expect(warnings).toEqual([
      `The record of the election "job" in ${registry.url} states a \`ttl\` of 86400 s, and candidates wait that long after its last change. The TTL of this process is 10 s. If no instance has such a TTL, overwrite the record with an empty value: it is contested 10 s later.`,
    ]);
    await write('elections', '');
    await clock.advance(12_000);
    expect(client.of('job').isLeader).toBe(true);
  });

  it.each(['1e9', '1e999'])('above the options (%s s) holds a lock for one own TTL', async (remaining) => {
    await write('locks', stating(LOCK, 'remaining', remaining));
    client.locks.observe('job');
    await clock.advance(1_000);
    expect(await granted()).toBe(false);
    await clock.advance(10_000);
    expect(await granted()).toBe(true);
    expect(warnings).toEqual([
      `The record of the lock "job" in ${registry.url} states a \`remaining\` of ${Number(remaining)} s, above the 2000000 s that an instance can have. It is taken for a record of another program, and removed 10 s after its first sight.`,
    ]);
  });

  it('within the options holds a lock, is reported once, and is ended by a delete', async () => {
    await write('locks', stating(LOCK, 'remaining', `${DAY_S}`));
    client.locks.observe('job');
    await clock.advance(60_000);
    expect(await granted()).toBe(false);
    expect(await granted()).toBe(false);
    expect(warnings).toEqual([
      `The record of the lock "job" in ${registry.url} states a \`remaining\` of 86400 s, and runs are skipped until it has passed. That is longer than \`lockAtMostFor\` of this process. If no such run is in progress, delete the record: the lock is free then.`,
    ]);
    await hand.remove({ kind: 'key', space: 'locks', key: 'job' }, NEVER);
    await clock.advance(10);
    expect(await granted()).toBe(true);
  });

  it('is no news where this process has the same times', async () => {
    await write('locks', stating(LOCK, 'remaining', '7200'));
    client.locks.observe('job');
    await clock.advance(1_000);
    const acquiring = client.locks.acquire('job', { lockAtMostForMs: 7_200_000 });
    await clock.advance(0);
    expect((await acquiring).granted).toBe(false);
    expect(warnings).toEqual([]);
  });
});
