import { type Clock, type Timer } from '../clock.js';
import { abortReason, onAbort } from './abort.js';
import { DeadlineExceededError } from '../errors/deadline-exceeded.error.js';

/** The bounds of each wait. */
export interface WatchdogOptions {
  readonly clock: Clock;
  /** Milliseconds until one wait fails; `Infinity` for no deadline. */
  readonly timeoutMs: number;
  /** Rejects the current wait and each later one. */
  readonly signal: AbortSignal;
  /** Subject of the error, such as `The watch of the key "a"`. */
  readonly what: string;
}

/**
 * Bounds each of many consecutive waits, as `attempt` bounds one. It uses one timer and one listener for all of them,
 * because a watch waits very often: once for each sign of life.
 */
export class Watchdog {
  private timer: Timer | undefined;
  private deadline = Infinity;
  private fail: ((error: Error) => void) | undefined;
  private readonly removeListener: () => void;

  constructor(private readonly options: WatchdogOptions) {
    const { signal } = options;
    this.removeListener = onAbort(signal, () => this.fail?.(abortReason(signal)));
  }

  /**
   * Settles as `promise` does, or rejects earlier. One wait at a time.
   *
   * @throws DeadlineExceededError when `timeoutMs` passes first
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

  /** Cancels the timer and removes the listener. */
  end(): void {
    this.removeListener();
    this.timer?.cancel();
  }

  private arm(): void {
    const { clock } = this.options;
    this.timer = clock.after(this.deadline - clock.now(), () => {
      if (clock.now() < this.deadline) this.arm();
      // After a blocked event loop, timers run before I/O. The second timer lets a response that has arrived be read first.
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
