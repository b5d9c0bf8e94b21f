import { forEachLimited } from '../../common/async/semaphore.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { type Random } from '../../common/random.js';
import { type GrantedLease } from '../leases.js';
import { type KeysPort, MAX_CONCURRENT_LEASE_REQUESTS } from './keys-port.js';
import { leaseKind, newLeaseId, type LeaseKind } from './lease-id.js';

/**
 * Delay between the release of a lease and its revocation. A watcher distinguishes a delete from an expiry by whether the
 * lease still exists, and needs time to read that.
 */
export const REVOKE_DELAY_MS = 2_000;

/**
 * Grants the leases of keys with a TTL, and revokes unused ones. Revocation is best effort: a lease that is not renewed
 * expires.
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

  /**
   * Grants a new lease of at least `ttl` seconds.
   *
   * @throws as {@link KeysPort}
   */
  async grant(kind: LeaseKind, ttl: number, signal: AbortSignal | undefined): Promise<GrantedLease> {
    const id = newLeaseId(kind, this.random);
    return { id, ttl: await this.port.grant(id, ttl, signal) };
  }

  /** Revokes `id` after {@link REVOKE_DELAY_MS}. Ignores leases that the keys API did not grant. */
  release(id: string): void {
    if (this.closed || leaseKind(id) === undefined) return;
    this.released.add(id);
    this.timer ??= this.clock.after(REVOKE_DELAY_MS, () => {
      this.timer = undefined;
      void this.flush(undefined);
    });
  }

  /** Revokes all released leases at once, until `signal` aborts. Later releases are ignored. */
  async close(signal: AbortSignal): Promise<void> {
    this.closed = true;
    this.timer?.cancel();
    this.timer = undefined;
    await this.flush(signal);
  }

  private async flush(signal: AbortSignal | undefined): Promise<void> {
    const ids = [...this.released];
    this.released.clear();
    await forEachLimited(ids, MAX_CONCURRENT_LEASE_REQUESTS, async (id) => {
      await this.revoke(id, signal).catch(() => undefined);
    });
  }

  private async revoke(id: string, signal: AbortSignal | undefined): Promise<void> {
    // A directory's lease is shared by the nodes in it.
    if (leaseKind(id) === 'dir') {
      const left = await this.port.timeToLive(id, true, signal);
      if (left === undefined || left.keys > 0) return;
    }
    await this.port.revoke(id, signal);
  }
}
