import { abortReason, onAbort } from '../common/async/abort.js';

interface Waiter {
  readonly until: () => boolean;
  readonly resolve: () => void;
}

const NONE: readonly Waiter[] = Object.freeze([]);

/** Lets callers wait until a state machine reaches a state. */
export class StateWaiters {
  private waiting: readonly Waiter[] = NONE;

  /** Resolves as soon as `until` returns true. @throws the reason of `signal` when it is aborted first */
  async wait(until: () => boolean, signal: AbortSignal): Promise<void> {
    if (until()) return;
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        until,
        resolve: () => {
          removeListener();
          resolve();
        },
      };
      this.waiting = [...this.waiting, waiter];
      const removeListener = onAbort(signal, () => {
        this.waiting = this.waiting.filter((other) => other !== waiter);
        reject(abortReason(signal));
      });
    });
  }

  /** Evaluates all conditions. Called after each step of the machine. */
  check(): void {
    if (this.waiting.length === 0) return;
    const done = this.waiting.filter((waiter) => waiter.until());
    this.waiting = this.waiting.filter((waiter) => !done.includes(waiter));
    for (const waiter of done) waiter.resolve();
  }
}
