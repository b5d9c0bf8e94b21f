import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { forkTypeScript } from '../../harness/fork.js';
import { monotonic, until } from '../../harness/wait.js';
import { type Ran } from './jobs-process.js';

/** Differences between the clocks of the processes, in milliseconds. */
const SKEWS_MS = [0, 125, 250, 375, 500];

/** How long the jobs run before and after the leader is killed, in milliseconds. */
const PHASE_MS = 6_000;

class Instance {
  readonly ran: Ran[] = [];
  readonly exited: Promise<unknown>;
  booted = false;
  private readonly child: ChildProcess;

  constructor(registry: string, skewMs: number) {
    this.child = forkTypeScript(new URL('./jobs-process.ts', import.meta.url), [registry], {
      CLOCK_SKEW_MS: String(skewMs),
    });
    this.exited = once(this.child, 'exit');
    this.child.on('message', (message: Ran | 'booted') => {
      if (message === 'booted') this.booted = true;
      else this.ran.push(message);
    });
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    if (this.child.connected) this.child.send('close');
    await this.exited;
  }
}

/** How often each tick ran. */
function counts(ran: readonly Ran[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const { tick } of ran) found.set(tick, (found.get(tick) ?? 0) + 1);
  return found;
}

function twice(ran: readonly Ran[]): readonly number[] {
  return [...counts(ran)].flatMap(([tick, count]) => (count > 1 ? [tick] : []));
}

function missing(ran: readonly Ran[]): readonly number[] {
  const ticks = ran.map(({ tick }) => tick).sort((a, b) => a - b);
  const first = ticks[0] ?? 0;
  const all = Array.from({ length: (ticks.at(-1) ?? first) - first + 1 }, (_, n) => first + n);
  return all.filter((tick) => !ticks.includes(tick));
}

/** Five processes with clocks up to 500 ms apart, and a SIGKILL of the leader. */
export function describeJobs(
  name: string,
  failoverMs: number,
  open: () => Promise<{ url: string; close(): Promise<unknown> }>,
): void {
  describe(`Jobs of five processes on ${name}`, () => {
    let world: { url: string; close(): Promise<unknown> };
    const instances: Instance[] = [];

    beforeAll(async () => {
      world = await open();
    });
    afterAll(async () => {
      for (const instance of instances) instance.kill();
      await world.close();
    });

    const runs = (job: Ran['job'], from = -Infinity, to = Infinity): readonly Ran[] =>
      instances
        .flatMap(({ ran }) => ran)
        .filter((run) => run.job === job && run.at >= from && run.at < to)
        .sort((one, other) => one.at - other.at);

    it('run once each tick, and once at most while the leader is killed', async () => {
      instances.push(...SKEWS_MS.map((skewMs) => new Instance(world.url, skewMs)));
      await until('the boot of all', () => instances.every(({ booted }) => booted), { deadline: 40_000 });
      await until('a leader', () => runs('leader').length > 0);
      const start = monotonic() + 1_000;
      await until('the first phase', () => monotonic() > start + PHASE_MS, { deadline: 20_000 });
      const killedAt = monotonic();
      const leader = instances.find(({ ran }) => ran.at(-1)?.pid === runs('leader').at(-1)?.pid);
      leader?.kill();
      await until('the next leader', () => runs('leader', killedAt).length >= 3, {
        deadline: failoverMs + 10_000,
      });

      const before = runs('leader', start, killedAt);
      expect(new Set(before.map(({ term }) => term)).size).toBe(1);
      expect(missing(before)).toEqual([]);
      expect(twice(runs('leader'))).toEqual([]);
      const after = runs('leader', killedAt).filter(({ term }) => term !== before[0]?.term);
      expect(BigInt(after[0]?.term ?? 0)).toBeGreaterThan(BigInt(before[0]?.term ?? 0));
      expect((after[0]?.at ?? Infinity) - killedAt).toBeLessThan(failoverMs + 2_000);

      const locked = runs('locked', start, killedAt);
      expect(locked.length).toBeGreaterThanOrEqual(3);
      expect(missing(locked)).toEqual([]);
      expect(twice(runs('locked'))).toEqual([]);
      const terms = locked.map(({ term }) => BigInt(term));
      expect(terms).toEqual([...terms].sort((a, b) => (a < b ? -1 : 1)));

      for (const instance of instances) if (instance !== leader) await instance.close();
    }, 90_000);
  });
}
