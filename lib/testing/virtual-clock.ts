import { setImmediate } from 'node:timers';
import { type Clock, type Timer } from '../common/clock.js';

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

/** Runs all pending promise callbacks, and those that they schedule. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * A clock that only moves when a test advances it. Timers fire in the order in which they are due. Between two timers,
 * {@link VirtualClock.advance} runs all pending promise callbacks.
 */
export class VirtualClock implements Clock {
  /** Sorted by due time, then by creation. */
  private readonly timers: Pending[] = [];
  /** Called with the next timer. */
  private readonly waiting = new Set<() => void>();
  private time = 0;
  private order = 0;

  /** @param epoch what {@link VirtualClock.wall} returns at time 0, in milliseconds since the Unix epoch */
  constructor(private epoch = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.epoch + this.time;
  }

  after(delay: number, run: () => void): Timer {
    const pending: Pending = { due: this.time + Math.max(0, delay), order: this.order++, run };
    this.timers.splice(this.position(pending), 0, pending);
    for (const arrived of this.waiting) arrived();
    return {
      cancel: () => {
        const at = this.position(pending);
        if (this.timers[at] === pending) this.timers.splice(at, 1);
      },
    };
  }

  /** The number of pending timers. It is 0 after a clean shutdown. */
  get pending(): number {
    return this.timers.length;
  }

  /** Sets the wall clock, in milliseconds since the Unix epoch, as an operator or NTP would. Timers are not affected. */
  setWall(epochMs: number): void {
    this.epoch = epochMs - this.time;
  }

  /** Advances by `ms` milliseconds and runs each timer when it is due. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    await settle();
    for (;;) {
      const [next] = this.timers;
      if (!next || next.due > until) break;
      this.timers.shift();
      this.time = Math.max(this.time, next.due);
      next.run();
      await settle();
    }
    this.time = until;
    await settle();
  }

  /** Advances by `ms` milliseconds at once, then runs all timers that are due, as after a blocked event loop. */
  async jump(ms: number): Promise<void> {
    this.time += ms;
    await this.advance(0);
  }

  /**
   * Advances from timer to timer until `promise` settles, and returns its result. For work in memory that waits on this
   * clock, such as the boot and the shutdown of an application with a registry in memory.
   *
   * ```ts
   * await clock.until(app.init());
   * ```
   *
   * @param limitMs milliseconds of this clock
   * @throws Error when `promise` is pending after `limitMs`
   */
  async until<T>(promise: Promise<T>, limitMs = 600_000): Promise<T> {
    const state = { settled: false };
    const mark = (): void => {
      state.settled = true;
    };
    promise.then(mark, mark);
    await settle();
    const end = this.time + limitMs;
    while (!state.settled) {
      const [next] = this.timers;
      if (!next) {
        await this.nextTimer(promise);
        continue;
      }
      const { due } = next;
      if (due > end)
        throw new Error(
          `Expected the promise to settle within ${limitMs} ms of the virtual clock, it is pending.`,
        );
      await this.advance(Math.max(0, due - this.time));
    }
    return await promise;
  }

  /** Resolves when a timer is set, for what follows work outside of this clock, or when `promise` settles. */
  private async nextTimer(promise: Promise<unknown>): Promise<void> {
    await new Promise<void>((resolve) => {
      const arrived = (): void => {
        this.waiting.delete(arrived);
        resolve();
      };
      this.waiting.add(arrived);
      promise.then(arrived, arrived);
    });
  }

  /** Returns the index of `pending`, or where to insert it, by binary search. */
  private position(pending: Pending): number {
    let low = 0;
    let high = this.timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.timers[middle];
      if (other && (other.due - pending.due || other.order - pending.order) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
