import { type Clock, type Timer } from '../../common/clock.js';
import { type EntryKey } from '../../registry/entry-record.js';

/** Keeps entries of a {@link MemoryStore} alive until it expires. */
export class Lease {
  /** Each entry key whose last writer is this lease, even if its entry was deleted since. */
  readonly entryKeys = new Map<string, EntryKey>();
  private deadline: number;
  private timer: Timer;

  constructor(
    readonly id: string,
    /** In seconds. */
    readonly ttl: number,
    private readonly clock: Clock,
    /** The connection that opened it. */
    readonly connection: object,
    private readonly expire: (lease: Lease) => void,
  ) {
    this.deadline = clock.now() + ttl * 1_000;
    this.timer = this.schedule();
  }

  /** Whether the TTL has passed. After a blocked event loop this is true before the timer fires. */
  get overdue(): boolean {
    return this.clock.now() >= this.deadline;
  }

  renew(): void {
    this.deadline = this.clock.now() + this.ttl * 1_000;
  }

  /** Cancels the timer. */
  stop(): void {
    this.timer.cancel();
  }

  /** Lets the process end before the lease expires. A detached lease is never renewed. */
  detach(): void {
    this.timer.unref?.();
  }

  /** Schedules the expiry. A renewal does not touch the timer; when it fires early, it is scheduled again. */
  private schedule(): Timer {
    return this.clock.after(this.deadline - this.clock.now(), () => {
      if (this.overdue) this.expire(this);
      else this.timer = this.schedule();
    });
  }
}
