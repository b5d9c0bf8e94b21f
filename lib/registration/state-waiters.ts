import { abortReason } from '../common/async/abort.js';

interface Waiter {
  readonly until: () => boolean;
  readonly resolve: () => void;
}

/** Those who wait for a state machine to reach a state. */
export class StateWaiters {
  private waiting: Waiter[] = [];

  /** Resolves as soon as `until` holds; rejects with the reason of `signal` when that is aborted first. */
  async wait(until: () => boolean, signal: AbortSignal): Promise<void> {
    if (until()) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.waiting = this.waiting.filter((other) => other !== waiter);
        reject(abortReason(signal));
      };
      const waiter: Waiter = {
        until,
        resolve: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.waiting.push(waiter);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** To be called after each step of the machine. */
  check(): void {
    const done = this.waiting.filter((waiter) => waiter.until());
    this.waiting = this.waiting.filter((waiter) => !done.includes(waiter));
    for (const waiter of done) waiter.resolve();
  }
}
