import { type Clock, type Timer } from '../../common/clock.js';
import { type Random } from '../../common/random.js';
import { type KeysPort } from './keys-port.js';
import { leaseKind, newLeaseId, type LeaseKind } from './lease-id.js';

/**
 * Milliseconds a lease without a key is left standing. A watcher tells a delete from an expiry by asking whether the
 * lease still exists, and this is its time to ask.
 */
export const REVOKE_DELAY_MS = 2_000;

/** A lease and the seconds the server granted. */
export interface Grant {
  readonly id: string;
  readonly ttl: number;
}

/**
 * Grants the leases keys live on, and ends those that were left behind. Ending is best effort: a lease nobody
 * renews ends by itself.
 */
export class KeyLeases {
  private readonly released = new Set<string>();
  private timer: Timer | undefined;
  private closed = false;

  constructor(
    private readonly port: KeysPort,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** A new lease of at least `ttl` seconds. */
  async grant(kind: LeaseKind, ttl: number, signal: AbortSignal | undefined): Promise<Grant> {
    const id = newLeaseId(kind, this.random);
    return { id, ttl: await this.port.grant(id, ttl, signal) };
  }

  /** Ends `id` soon, if it is a lease of the keys API: what others hold is not ours to end. */
  release(id: string): void {
    if (this.closed || leaseKind(id) === undefined) return;
    this.released.add(id);
    this.timer ??= this.clock.after(REVOKE_DELAY_MS, () => {
      this.timer = undefined;
      void this.flush(undefined);
    });
  }

  /** Ends at once what was released, and takes nothing more. Gives up when `signal` aborts. */
  async close(signal: AbortSignal): Promise<void> {
    this.closed = true;
    this.timer?.cancel();
    this.timer = undefined;
    await this.flush(signal);
  }

  private async flush(signal: AbortSignal | undefined): Promise<void> {
    const ids = [...this.released];
    this.released.clear();
    await Promise.allSettled(ids.map(async (id) => this.revoke(id, signal)));
  }

  private async revoke(id: string, signal: AbortSignal | undefined): Promise<void> {
    // A directory's lease is shared by what was put into it.
    if (leaseKind(id) === 'dir') {
      const left = await this.port.timeToLive(id, true, signal);
      if (left === undefined || left.keys > 0) return;
    }
    await this.port.revoke(id, signal);
  }
}
