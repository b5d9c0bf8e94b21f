import { abortReason } from '../../kernel/deadline.js';

interface Waiter {
  readonly enter: () => void;
}

/**
 * Lets so many blocking queries run at a time. A Consul agent cuts what goes beyond 200 connections from one address,
 * so that watches beyond the limit take turns instead. A query that its watch has left still counts: the agent keeps
 * its connection until the wait is over.
 */
export class WatchGate {
  private inside = 0;
  private readonly waiting = new Set<Waiter>();

  constructor(private readonly limit: number) {}

  /** The part of their full length that turns may have, so that all who want one have it in the time of a full one. */
  get share(): number {
    return this.waiting.size === 0 ? 1 : this.limit / (this.limit + this.waiting.size);
  }

  /**
   * Runs `turn` as soon as there is room, and keeps its place until it is over, also where nobody waits for it any more.
   *
   * @throws the signal's reason as soon as it is aborted
   */
  async enter<T>(signal: AbortSignal, turn: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw abortReason(signal);
    return await new Promise<T>((resolve, reject) => {
      const begin = (): void => {
        turn()
          .then(resolve, reject)
          .finally(() => {
            signal.removeEventListener('abort', onAbort);
            this.leave();
          });
      };
      const waiter: Waiter = { enter: begin };
      const onAbort = (): void => {
        this.waiting.delete(waiter);
        reject(abortReason(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (this.inside >= this.limit) {
        this.waiting.add(waiter);
        return;
      }
      this.inside += 1;
      begin();
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
