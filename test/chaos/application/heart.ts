import { monotonic, until } from '../../harness/wait.js';

/** The heartbeat of one key, as its application reported it. */
export class Heart {
  private since = 0;

  constructor(
    /** Its name in the recording. */
    readonly who: string,
    readonly key: string,
    /** When the registry acknowledged it, on the recording's clock, from the first time on. */
    readonly acks: readonly number[],
  ) {}

  /** When the registry last acknowledged it, on the recording's clock; 0 before the first time. */
  get lastAck(): number {
    return this.acks.at(-1) ?? 0;
  }

  /** The longest it went without an acknowledgement, in milliseconds, since {@link Heart.watchAge} until now. */
  get longestSilence(): number {
    const from = this.acks.findLastIndex((at) => at <= this.since);
    const times = [...this.acks.slice(Math.max(0, from)), monotonic()];
    return Math.max(0, ...times.slice(1).map((at, i) => at - times[i]!));
  }

  /** Resets the longest time without an acknowledgement. */
  watchAge(): void {
    this.since = monotonic();
  }

  /** Resolves with the moment of the next acknowledgement after `since`. */
  async nextAck(since = monotonic(), deadline = 60_000): Promise<number> {
    await until(`an acknowledgement of ${this.key}`, () => this.lastAck > since, { deadline, every: 10 });
    return this.lastAck;
  }
}
