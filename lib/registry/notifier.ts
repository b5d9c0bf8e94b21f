import { type Clock } from '../common/clock.js';

/**
 * Wakes whoever waits for news. A ring is remembered until the next wait, so that news between two waits is not
 * missed. One waiter at a time.
 */
export class Notifier {
  private notified = false;
  private wake: (() => void) | undefined;

  /** Ends the wait under way, or else the next one. */
  notify(): void {
    this.notified = true;
    this.wake?.();
  }

  /** Waits for a ring, at most `timeout` ms, and no longer than until `signal` is aborted. */
  async wait(clock: Clock, timeout: number, signal: AbortSignal): Promise<'rung' | 'timeout' | 'aborted'> {
    if (!signal.aborted && !this.notified) await this.sleep(clock, timeout, signal);
    if (signal.aborted) return 'aborted';
    if (!this.notified) return 'timeout';
    this.notified = false;
    return 'rung';
  }

  private sleep(clock: Clock, timeout: number, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        this.wake = undefined;
        resolve();
      };
      const timer = clock.after(timeout, done);
      signal.addEventListener('abort', done, { once: true });
      this.wake = done;
    });
  }
}
