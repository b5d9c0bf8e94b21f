import { type Clock, type Timer } from '../../lib/common/clock.js';

/** A clock on which every wait ends at once and moves the time forward by its duration. */
export class HastyClock implements Clock {
  private time = 0;
  private readonly waiting = new Map<object, NodeJS.Immediate>();

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.time;
  }

  after(delay: number, run: () => void): Timer {
    const timer = {};
    // Not at once: what is being waited for may be there without a wait.
    const step = (rounds: number): void => {
      const next = (): void => {
        if (rounds > 0) return step(rounds - 1);
        this.waiting.delete(timer);
        this.time += Math.max(0, delay);
        run();
      };
      this.waiting.set(timer, setImmediate(next));
    };
    step(3);
    return {
      cancel: () => {
        clearImmediate(this.waiting.get(timer));
        this.waiting.delete(timer);
      },
    };
  }

  /** Ends every wait. */
  stop(): void {
    for (const immediate of this.waiting.values()) clearImmediate(immediate);
    this.waiting.clear();
  }
}
