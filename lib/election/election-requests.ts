import { attempt } from '../common/async/deadline.js';
import { type Clock } from '../common/clock.js';
import { type EntryKey, entryKeyLabel } from '../registry/entry-record.js';
import { type Registry, type RegistryEntry, type Session } from '../registry/registry.js';
import { RoundTrip } from '../registration/round-trip.js';
import { renewalTimeoutMs } from '../registration/session-machine.js';

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
  private readonly roundTrip = new RoundTrip();
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
    const timeoutMs = renewalTimeoutMs(ttlMs / 1_000, {
      roundTripMs: this.roundTrip.ms,
      isPatient: this.roundTrip.isPatient,
      driverTimeoutMs: Math.max(leastMs, session.renewTimeoutMs ?? 0),
    });
    const options = {
      clock,
      timeoutMs,
      signal: this.lifetime.signal,
      what: `${what} the ${entryKeyLabel(this.entryKey)} in ${registry.url}`,
    };
    return await this.roundTrip.measure(clock, timeoutMs, () => attempt(options, run));
  }

  /** Aborts the request in flight and every later one. */
  close(reason: Error): void {
    this.lifetime.abort(reason);
  }
}
