import { type Clock, type Timer } from '../clock.js';
import { abortReason } from './abort.js';
import { DeadlineExceededError } from '../errors/deadline-exceeded.error.js';

/** How long is waited each time. */
export interface WatchdogOptions {
  readonly clock: Clock;
  /** Milliseconds until one wait is given up; `Infinity` for none. */
  readonly timeoutMs: number;
  /** Ends the wait that is going on, and each further one. */
  readonly signal: AbortSignal;
  /** What is waited for, for the error: "The watch of the key "a"". */
  readonly what: string;
}

/**
 * Bounds each of many waits that follow one another, as `attempt` bounds one, with a single timer and a single listener
 * for all of them: where very many wait for frequent signs of life, nothing is made for each.
 */
export class Watchdog {
  private timer: Timer | undefined;
  private deadline = Infinity;
  private fail: ((error: Error) => void) | undefined;

  constructor(private readonly options: WatchdogOptions) {
    options.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  /**
   * Settles as `promise` does, or earlier with an error; one wait at a time.
   *
   * @throws DeadlineExceededError when the time is over
   * @throws the signal's reason when it is aborted first
   */
  wait<T>(promise: Promise<T>): Promise<T> {
    const { clock, timeoutMs, signal } = this.options;
    this.deadline = clock.now() + timeoutMs;
    if (!this.timer && Number.isFinite(timeoutMs)) this.arm();
    return new Promise<T>((resolve, reject) => {
      this.fail = reject;
      if (signal.aborted) reject(abortReason(signal));
      promise.then(resolve, reject);
    });
  }

  /** Ends its timer. */
  end(): void {
    this.options.signal.removeEventListener('abort', this.onAbort);
    this.timer?.cancel();
  }

  private readonly onAbort = (): void => {
    this.fail?.(abortReason(this.options.signal));
  };

  private arm(): void {
    const { clock } = this.options;
    this.timer = clock.after(this.deadline - clock.now(), () => {
      if (clock.now() < this.deadline) this.arm();
      // After a blocked event loop timers come first: an answer that is there already is read in between.
      else
        this.timer = clock.after(0, () => {
          this.exceeded();
        });
    });
  }

  private exceeded(): void {
    const { clock, timeoutMs, what } = this.options;
    this.timer = undefined;
    if (clock.now() < this.deadline) this.arm();
    else
      this.fail?.(new DeadlineExceededError(`${what} was not answered within ${Math.round(timeoutMs)} ms.`));
  }
}
