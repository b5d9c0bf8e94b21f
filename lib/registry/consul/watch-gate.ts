import { abortReason } from '../../kernel/deadline.js';

interface Waiter {
  readonly enter: () => void;
}

/**
 * Lets so many blocking queries run at a time. A Consul agent cuts what goes beyond 200 connections from one address,
 * beats included, so that watches beyond the limit take turns instead.
 */
export class WatchGate {
  private inside = 0;
  private readonly waiting = new Set<Waiter>();

  constructor(private readonly limit: number) {}

  /** Whether somebody waits for a turn: those inside should be short then. */
  get crowded(): boolean {
    return this.waiting.size > 0;
  }

  /** Runs `turn` as soon as there is room. @throws the signal's reason when it is aborted while waiting */
  async enter<T>(signal: AbortSignal, turn: () => Promise<T>): Promise<T> {
    if (this.inside >= this.limit) await this.wait(signal);
    else this.inside += 1;
    try {
      return await turn();
    } finally {
      this.leave();
    }
  }

  private async wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw abortReason(signal);
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        this.waiting.delete(waiter);
        reject(abortReason(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.add(waiter);
    });
  }

  /** The place goes to who has waited longest. */
  private leave(): void {
    for (const waiter of this.waiting) {
      this.waiting.delete(waiter);
      waiter.enter();
      return;
    }
    this.inside -= 1;
  }
}
