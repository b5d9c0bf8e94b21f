import { type Clock, type Timer } from '../common/clock.js';

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

/** Lets every promise callback that is ready run, and those that these make ready. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * A clock that moves when it is told to. Timers run in the order they are due, and what they await has run before
 * {@link VirtualClock.advance} goes on to the next one.
 */
export class VirtualClock implements Clock {
  /** In the order they are due. */
  private readonly timers: Pending[] = [];
  private time = 0;
  private order = 0;

  /** @param epoch what {@link VirtualClock.wall} says at time 0, in milliseconds since the Unix epoch */
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
    return {
      cancel: () => {
        const at = this.position(pending);
        if (this.timers[at] === pending) this.timers.splice(at, 1);
      },
    };
  }

  /** Timers that are waiting; 0 after a clean stop. */
  get pending(): number {
    return this.timers.length;
  }

  /** Moves the wall clock alone, as an operator or NTP would. */
  setWall(epochMilliseconds: number): void {
    this.epoch = epochMilliseconds - this.time;
  }

  /** Moves time by `ms`, running what falls due on the way. */
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

  /** Moves time by `ms` at once and then runs everything that fell due, as after a blocked event loop. */
  async jump(ms: number): Promise<void> {
    this.time += ms;
    await this.advance(0);
  }

  /** Where `pending` is, or belongs: by bisection. */
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
