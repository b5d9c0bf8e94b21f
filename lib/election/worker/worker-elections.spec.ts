import { IsolatedProcess } from '../../../test/harness/in-memory/isolated-process.js';
import { memory, type MemorySource } from '../../registries/memory/memory.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { LeadershipLostError } from '../leadership-lost.error.js';
import { type AcquireOptions, type LockRun } from '../locks.js';
import { runs } from '../../../test/harness/in-memory/runs.js';

const TTL_MS = 10_000;
const MAX_HANG_MS = 30_000;

describe('elections with isolate', () => {
  let clock: VirtualClock;
  let source: MemorySource;
  let processes: IsolatedProcess[];

  async function start(maxHangMs = MAX_HANG_MS, random = Math.random): Promise<IsolatedProcess> {
    const name = `host:${processes.length}`;
    const started = await IsolatedProcess.start({
      clock,
      source,
      name,
      ttl: TTL_MS / 1_000,
      maxHangMs,
      random,
    });
    processes.push(started);
    return started;
  }

  async function campaign(...arguments_: Parameters<typeof start>): Promise<IsolatedProcess> {
    const started = await start(...arguments_);
    started.client.of('job').campaign({ meta: { at: 'here' } });
    await clock.advance(1_000);
    return started;
  }

  const job = (process: IsolatedProcess): ReturnType<IsolatedProcess['client']['of']> =>
    process.client.of('job');
  const leaders = (): number[] => processes.flatMap((each, n) => (job(each).isLeader ? [n] : []));

  beforeEach(() => {
    clock = new VirtualClock();
    source = memory();
    processes = [];
  });

  afterEach(async () => {
    const closing = Promise.all(processes.map((each) => each.close()));
    await clock.advance(60_000);
    await closing;
    expect(clock.pending).toBe(0);
  });

  it('lead, are followed, and hand over by resign() when the jobs have ended', async () => {
    const [one, two] = [await campaign(), await campaign()];
    await clock.advance(30_000);
    expect(leaders()).toEqual([0]);
    expect(job(two).leader).toEqual(job(one).leader);
    expect(job(one).leader).toMatchObject({ name: 'host:0', meta: { at: 'here' } });
    expect(one.client.dump()).toMatchObject([{ name: 'job', state: 'leader', isLeader: true }]);
    expect(two.client.dump()).toMatchObject([{ name: 'job', state: 'follower', isLeader: false }]);
    expect(one.lines).toEqual([expect.stringMatching(/^This instance leads "job" \(term \d+\)\.$/)]);
    const run = job(one).begin('Jobs.run');
    const resigned = job(one).resign();
    expect(run?.signal.aborted).toBe(true);
    expect(leaders()).toEqual([]);
    await clock.advance(20_000);
    expect(leaders()).toEqual([]);
    run?.end();
    await clock.advance(200);
    await resigned;
    expect(leaders()).toEqual([1]);
    expect(BigInt(job(two).term ?? 0)).toBeGreaterThan(BigInt(run?.term ?? 0));
    expect(one.changes.map(({ type, reason }) => reason ?? type)).toEqual(['elected', 'resigned', 'leader']);
    job(one).campaign();
    await clock.advance(1_000);
    expect(one.client.dump()).toMatchObject([{ state: 'follower' }]);
  });

  it('keep leader and term while the main thread hangs for less than maxHang', async () => {
    const [one, two] = [await campaign(), await campaign()];
    const { term, signal } = job(one);
    one.hang();
    await clock.advance(MAX_HANG_MS - 1_000);
    // The first read of the thread, before any of its timers or messages.
    expect(job(one).isLeader).toBe(true);
    one.wake();
    await clock.advance(5_000);
    expect(leaders()).toEqual([0]);
    expect(job(one).term).toBe(term);
    expect(signal.aborted).toBe(false);
    expect(two.changes.map(({ type }) => type)).toEqual(['leader']);
  });

  it('lose leadership when the main thread hangs for longer than maxHang, and say so at its first read', async () => {
    const [one, two] = [await campaign(), await campaign()];
    const run = job(one).begin('Jobs.run');
    one.hang();
    await clock.advance(MAX_HANG_MS + 1_000);
    expect(job(one).isLeader).toBe(false);
    expect(job(one).term).toBeUndefined();
    await clock.advance(TTL_MS + 1_000);
    expect(leaders()).toEqual([1]);
    one.wake();
    await clock.advance(100);
    expect(run?.signal.reason).toBeInstanceOf(LeadershipLostError);
    expect(run?.signal.reason).toHaveProperty('reason', 'hung');
    run?.end();
    await clock.advance(30_000);
    expect(leaders()).toEqual([1]);
    expect(BigInt(job(two).term ?? 0)).toBeGreaterThan(BigInt(run?.term ?? 0));
    expect(job(one).leader).toEqual(job(two).leader);
  });

  it('lead again in the same term after a hang that no candidate has used', async () => {
    const one = await campaign();
    const { term } = job(one);
    one.hang();
    await clock.advance(MAX_HANG_MS + 3_000);
    expect(leaders()).toEqual([]);
    one.wake();
    await clock.advance(3_000);
    expect(leaders()).toEqual([0]);
    expect(job(one).term).toBe(term);
    expect(one.changes.map(({ type, reason }) => reason ?? type)).toEqual(['elected', 'hung', 'elected']);
  });

  it('end by the clock when the registry is away, although no message is read', async () => {
    const [one] = [await campaign(), await campaign()];
    one.registry.fail('hang');
    one.hang();
    await clock.advance(TTL_MS + 1_000);
    expect(leaders()).toEqual([1]);
    one.wake();
    await clock.advance(100);
    expect(one.changes.at(-1)).toMatchObject({ type: 'deposed', reason: 'expired' });
  });

  it('end when the worker dies, and begin again with another one in a higher term', async () => {
    const one = await campaign();
    const { term, signal } = job(one);
    await one.replaceWorker();
    expect(leaders()).toEqual([]);
    expect(signal.aborted).toBe(true);
    expect(one.changes.at(-1)).toMatchObject({ type: 'deposed', reason: 'session-gone' });
    await clock.advance(2 * TTL_MS + 1_000);
    expect(leaders()).toEqual([0]);
    expect(BigInt(job(one).term ?? 0)).toBeGreaterThan(BigInt(term ?? 0));
    const resigned = job(one).resign();
    await clock.advance(1_000);
    await resigned;
    await one.replaceWorker();
    await clock.advance(30_000);
    expect(one.client.dump()).toMatchObject([{ state: 'resigned', leader: undefined }]);
  });

  it.each(Array.from({ length: runs(4, 15) }, (_, seed) => seed))(
    'never have two leaders (seed %d)',
    async (seed) => {
      let state = seed + 1;
      const random = (): number => {
        state = (state * 48_271) % 2_147_483_647;
        return state / 2_147_483_647;
      };
      for (let n = 0; n < 3; n += 1) await campaign(5_000, random);
      let highest = 0n;
      let who: number | undefined;
      const faults: string[] = [];
      for (let step = 0; step < 400; step += 1) {
        const victim = processes[Math.floor(random() * processes.length)]!;
        const dice = random();
        if (dice < 0.03) victim.hang();
        else if (dice < 0.08) for (const each of processes) each.wake();
        else if (dice < 0.1) victim.registry.fail('hang');
        else if (dice < 0.14) for (const each of processes) each.registry.heal();
        else if (dice < 0.145) await victim.replaceWorker();
        else if (dice < 0.15) void job(victim).resign();
        else if (dice < 0.17) job(victim).campaign();
        await clock.advance(Math.floor(random() * 1_000));
        const now = leaders();
        if (now.length > 1) faults.push(`step ${step}: ${now.join(' and ')} lead`);
        const [leader] = now;
        if (leader === undefined) continue;
        const term = BigInt(job(processes[leader]!).term ?? 0);
        if (leader === who ? term < highest : term <= highest)
          faults.push(`step ${step}: ${leader} leads in term ${term} after ${highest}`);
        [highest, who] = [term, leader];
      }
      expect(faults).toEqual([]);
    },
  );

  describe('and locks', () => {
    const OPTIONS: AcquireOptions = { lockAtMostForMs: 60_000, label: 'Jobs.locked' };

    async function acquire(process: IsolatedProcess, options = OPTIONS): Promise<LockRun | string> {
      const acquiring = process.client.locks.acquire('lock', options);
      await clock.advance(1_500);
      const acquired = await acquiring;
      return acquired.granted ? acquired.run : acquired.reason;
    }

    const granted = async (...given: Parameters<typeof acquire>): Promise<LockRun> => {
      const run = await acquire(...given);
      if (typeof run === 'string') throw new Error(`Expected a run, got ${run}.`);
      return run;
    };

    it('exclude each other, also while the main thread hangs, for at most lockAtMostFor', async () => {
      const [one, two] = [await start(), await start()];
      const run = await granted(one);
      expect(await acquire(one)).toBe('running');
      one.hang();
      await clock.advance(MAX_HANG_MS + TTL_MS + 5_000);
      expect(run.isHeld).toBe(true);
      expect(await acquire(two)).toBe('running');
      await clock.advance(15_000);
      expect(run.isHeld).toBe(false);
      const next = await granted(two);
      expect(BigInt(next.term)).toBeGreaterThan(BigInt(run.term));
      one.wake();
      expect(run.signal.aborted).toBe(true);
      run.end();
      await clock.advance(1_000);
      expect(next.isHeld).toBe(true);
      next.end();
      await clock.advance(1_000);
      (await granted(one)).end();
    });

    it('are lost when the worker dies, and end with the shutdown', async () => {
      const one = await start();
      const run = await granted(one);
      await one.replaceWorker();
      expect(run.isHeld).toBe(false);
      expect(run.signal.aborted).toBe(true);
      run.end();
      await clock.advance(2 * TTL_MS);
      expect(one.lines.filter((line) => line.startsWith('WARN The run of "lock" ends: '))).toHaveLength(1);
      const next = await granted(one);
      const closing = one.client.close(1_000);
      expect(next.signal.aborted).toBe(true);
      await clock.advance(2_000);
      expect(one.lines.at(-1)).toMatch(
        /^WARN Locked jobs did not end within 1 s of the shutdown: Jobs\.locked\./,
      );
      next.end();
      await clock.advance(2_000);
      await closing;
      expect(await acquire(one)).toBe('closed');
    });
  });
});
