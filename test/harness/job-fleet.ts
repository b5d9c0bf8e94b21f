import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type Span, type TickRun } from '../chaos/validators/ticks.js';
import { forkTypeScript } from './fork.js';
import { type Ran, type Stalled } from './job-process.js';
import { until } from './wait.js';

/** What the processes of a fleet run with. Durations are seconds. */
export interface JobSettings {
  readonly registry: string;
  readonly ttl: number;
  /** Seconds from one tick of the locked job to the next. */
  readonly period: number;
  /** `lockAtLeastFor`: above the difference of the clocks and their jitter, below the period minus both. */
  readonly hold: number;
}

/** Differences between the clocks of the processes, in milliseconds. */
const SKEWS_MS = [0, 125, 250, 375, 500];

/** Milliseconds. */
const LONG_STALL_MS = 400;

/** Five processes with a job for the leader each second and one under a lock, and clocks up to 500 ms apart. */
export class JobFleet {
  readonly members: readonly JobMember[];

  constructor(settings: JobSettings) {
    this.members = SKEWS_MS.map((skewMs, n) => new JobMember(`p${n}`, settings, skewMs));
  }

  /** Waits for the boot of all, and for the first run of the leader. */
  async ready(): Promise<void> {
    await until('the boot of all', () => this.members.every(({ booted }) => booted), { deadline: 180_000 });
    await until('a leader', () => this.runs('leader').length > 0);
  }

  /** The runs of a job, in the order of time. */
  runs(job: Ran['job'], from = -Infinity, to = Infinity): readonly TickRun[] {
    return this.members
      .flatMap(({ name: who, ran }) => ran.filter((run) => run.job === job).map((run) => ({ ...run, who })))
      .filter(({ at }) => at >= from && at < to)
      .sort((one, other) => one.at - other.at);
  }

  /** The times in which a process stood still, so that it may have lost a tick. */
  get stalls(): readonly Span[] {
    return this.members.flatMap(({ stalls }) => stalls);
  }

  /**
   * The runs of a job whose tick is certain: a run that comes half a second late, after its process stood still, has the
   * number of the next tick.
   */
  timely(job: Ran['job']): readonly TickRun[] {
    return this.runs(job).filter(({ who, at }) => {
      const { stalls = [] } = this.members.find(({ name }) => name === who) ?? {};
      return !stalls.some(
        ([from, to]) => to - from > LONG_STALL_MS && at >= from && at <= to + LONG_STALL_MS,
      );
    });
  }

  /** The process that ran the leader's job last. */
  get leader(): JobMember | undefined {
    const last = this.runs('leader').at(-1);
    return this.members.find(({ name }) => name === last?.who);
  }

  kill(): void {
    for (const member of this.members) member.kill();
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.close()));
  }
}

/** One process of a {@link JobFleet}. */
export class JobMember {
  readonly ran: Ran[] = [];
  readonly stalls: Span[] = [];
  booted = false;
  private readonly exited: Promise<unknown>;
  private readonly child: ChildProcess;

  constructor(
    readonly name: string,
    settings: JobSettings,
    skewMs: number,
  ) {
    this.child = forkTypeScript(new URL('./job-process.ts', import.meta.url), [JSON.stringify(settings)], {
      CLOCK_SKEW_MS: String(skewMs),
    });
    this.exited = once(this.child, 'exit');
    this.child.on('message', (message: Ran | Stalled | 'booted') => {
      if (message === 'booted') this.booted = true;
      else if ('stalled' in message) this.stalls.push(message.stalled);
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
