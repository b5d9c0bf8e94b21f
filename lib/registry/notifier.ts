import { onAbort } from '../common/async/abort.js';
import { type Clock } from '../common/clock.js';

/**
 * Wakes a loop that waits for changes. A notification between two waits is remembered for the next one, so none is
 * missed. Only one caller may wait at a time.
 */
export class Notifier {
  private notified = false;
  private wake: (() => void) | undefined;

  /** Ends the current wait, or the next one if there is none. */
  notify(): void {
    this.notified = true;
    this.wake?.();
  }

  /** Waits for a notification, for at most `timeoutMs` milliseconds or until `signal` is aborted. */
  async wait(
    clock: Clock,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<'notified' | 'timeout' | 'aborted'> {
    if (!signal.aborted && !this.notified) await this.sleep(clock, timeoutMs, signal);
    if (signal.aborted) return 'aborted';
    if (!this.notified) return 'timeout';
    this.notified = false;
    return 'notified';
  }

  private sleep(clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      const wake = (): void => {
        timer.cancel();
        removeListener();
        this.wake = undefined;
        resolve();
      };
      const timer = clock.after(timeoutMs, wake);
      const removeListener = onAbort(signal, wake);
      this.wake = wake;
    });
  }
}
