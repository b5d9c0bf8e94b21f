import { type Clock, type Timer } from '../../common/clock.js';
import { type EntryKey } from '../../registry/entry-record.js';

/** What keeps entries of a {@link MemoryStore} alive: it expires by itself unless it is renewed in time. */
export class Lease {
  /** Every entry key this lease wrote last, whether the store still has it or not. */
  readonly entryKeys = new Map<string, EntryKey>();
  private deadline: number;
  private timer: Timer;

  constructor(
    readonly id: string,
    /** Seconds. */
    readonly ttl: number,
    private readonly clock: Clock,
    /** Whose it is. */
    readonly connection: object,
    private readonly expire: (lease: Lease) => void,
  ) {
    this.deadline = clock.now() + ttl * 1_000;
    this.timer = this.schedule();
  }

  /** Whether the time is over, even where the timer has not run yet, as after a blocked event loop. */
  get overdue(): boolean {
    return this.clock.now() >= this.deadline;
  }

  renew(): void {
    this.deadline = this.clock.now() + this.ttl * 1_000;
  }

  /** Ends the timer. */
  stop(): void {
    this.timer.cancel();
  }

  /** One timer a lease, moved on when it fires: a renewal costs no timer. */
  private schedule(): Timer {
    return this.clock.after(this.deadline - this.clock.now(), () => {
      if (this.overdue) this.expire(this);
      else this.timer = this.schedule();
    });
  }
}
