import { type Clock, type Timer } from '../common/clock.js';
import { formatValue } from '../common/expected.js';
import { messageOf, stackOf } from '../common/thrown.js';

/** The function `service.ready` of the application. */
export type Ready = () => boolean | Promise<boolean>;

/** Why an instance is not ready. */
export interface NotReady {
  /** A clause for a log line and a health report, such as "`ready` returned false". */
  readonly reason: string;
  /** The stack of the error that `ready` threw. */
  readonly stack?: string | undefined;
}

export interface ReadinessDeps {
  readonly clock: Clock;
  readonly ready: Ready;
  /** Milliseconds between two calls, and the longest wait for one answer. */
  readonly intervalMs: number;
  /** Called with the first answer and with each change; undefined: ready. */
  readonly onChange: (notReady: NotReady | undefined) => void;
}

/**
 * Calls `ready` at once and with every interval. Calls never overlap: while one has not settled, no other starts. An answer
 * that arrives after the interval is ignored, since it describes the past.
 */
export class Readiness {
  private timer: Timer | undefined;
  private intervalMs: number;
  /** Whether a call has not settled yet, late or not. */
  private asking = false;
  private late = false;
  private closed = false;
  /** Undefined before the first answer. */
  private isReady: boolean | undefined;

  constructor(private readonly deps: ReadinessDeps) {
    this.intervalMs = deps.intervalMs;
  }

  /** Makes the first call. */
  start(): void {
    if (this.closed) return;
    this.arm();
    void this.ask();
  }

  /** @param intervalMs milliseconds, starting now */
  setInterval(intervalMs: number): void {
    this.intervalMs = intervalMs;
    if (this.timer && !this.closed) this.arm();
  }

  /** Cancels the calls. The answer of the one in flight is ignored. */
  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private arm(): void {
    this.timer?.cancel();
    this.timer = this.deps.clock.after(this.intervalMs, () => {
      // After a blocked event loop, timers run before I/O. The second timer lets an answer that has arrived be read first.
      this.timer = this.deps.clock.after(0, () => {
        this.tick();
      });
    });
  }

  private tick(): void {
    this.arm();
    if (!this.asking) {
      void this.ask();
      return;
    }
    this.late = true;
    this.settle({ reason: `\`ready\` did not answer within ${this.intervalMs / 1_000} s` });
  }

  private async ask(): Promise<void> {
    this.asking = true;
    let notReady: NotReady | undefined;
    try {
      const answer: unknown = await this.deps.ready();
      if (answer !== true) notReady = { reason: `\`ready\` returned ${formatValue(answer)}` };
    } catch (error) {
      notReady = { reason: `\`ready\` threw: ${messageOf(error)}`, stack: stackOf(error) };
    }
    const { late } = this;
    this.asking = false;
    this.late = false;
    if (!late) this.settle(notReady);
  }

  private settle(notReady: NotReady | undefined): void {
    const isReady = notReady === undefined;
    if (this.closed || this.isReady === isReady) return;
    this.isReady = isReady;
    this.deps.onChange(notReady);
  }
}
