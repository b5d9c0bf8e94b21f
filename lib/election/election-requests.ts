import { attempt } from '../common/async/deadline.js';
import { type Clock } from '../common/clock.js';
import { type EntryKey, entryKeyLabel } from '../registry/entry-record.js';
import { type Registry, type RegistryEntry, type Session } from '../registry/registry.js';
import { renewalTimeoutMs } from '../registration/session-machine.js';

/** Weight of the newest measurement in the smoothed round trip. */
const NEW_SAMPLE_SHARE = 0.25;

/** What a request is bounded by. */
export interface RequestBounds {
  /** Milliseconds. */
  readonly ttlMs: number;
  readonly session: Session;
  /**
   * Milliseconds that the request should get at least, within a third of the TTL.
   *
   * @default 0
   */
  readonly leastMs?: number;
}

/**
 * The requests for one key. Each is one attempt whose timeout leaves time for a second one within the TTL. They go to the
 * session directly: no queue of other requests delays them.
 */
export class ElectionRequests {
  /** Milliseconds from a request to its response, smoothed. */
  private roundTripMs = 0;
  private readonly lifetime = new AbortController();

  constructor(
    private readonly registry: Registry,
    private readonly clock: Clock,
    private readonly entryKey: EntryKey,
  ) {}

  /** Reads the key, by a linearizable read where the registry has one. */
  async read(bounds: RequestBounds): Promise<RegistryEntry | undefined> {
    const { entries } = await this.send('Reading', bounds, (signal) =>
      this.registry.list(this.entryKey, signal),
    );
    return entries[0];
  }

  /** Runs one attempt of a write, discard or removal. */
  async send<T>(what: string, bounds: RequestBounds, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { registry, clock } = this;
    const { ttlMs, session, leastMs = 0 } = bounds;
    const sentAt = clock.now();
    const timeoutMs = renewalTimeoutMs(ttlMs / 1_000, {
      roundTripMs: this.roundTripMs,
      driverTimeoutMs: Math.max(leastMs, session.renewTimeoutMs ?? 0),
    });
    const result = await attempt(
      {
        clock,
        timeoutMs,
        signal: this.lifetime.signal,
        what: `${what} the ${entryKeyLabel(this.entryKey)} in ${registry.url}`,
      },
      run,
    );
    this.roundTripMs += (clock.now() - sentAt - this.roundTripMs) * NEW_SAMPLE_SHARE;
    return result;
  }

  /** Aborts the request in flight and every later one. */
  close(reason: Error): void {
    this.lifetime.abort(reason);
  }
}
