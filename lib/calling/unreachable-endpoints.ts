import { joinHostPort } from '../common/address.js';
import { messageOf } from '../common/thrown.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type AttemptContext, type ConnectionListener } from './call-attempt.js';

/** Shortest and longest time between two attempts at an endpoint that cannot be connected to. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;

/** Least time between two warnings about a service. */
const WARN_EVERY_MS = 60_000;

interface Mark {
  delayMs: number;
  /** When a call may try the endpoint again, in milliseconds of the monotonic clock. */
  nextAtMs: number;
}

/**
 * The endpoints of one service to which no connection could be opened. Calls avoid them while another endpoint is there,
 * and one call tries a marked endpoint after 250 ms, then at intervals that double to 5 s.
 *
 * This is not an ejection: it affects only where a call goes that could go elsewhere, so that it needs no limit. Without it
 * a dead endpoint that outlier detection may not eject takes its share of all calls, each of which needs a retry.
 */
export class UnreachableEndpoints implements ConnectionListener {
  /** By port. An endpoint whose values change is another object, without marks. */
  private readonly marks = new WeakMap<Endpoint, Map<number, Mark>>();
  /** Whether there was ever a mark. Until then a call looks up none. */
  private used = false;
  private warnedAtMs = -Infinity;

  constructor(private readonly context: Pick<AttemptContext, 'service' | 'clock' | 'logger'>) {}

  /** Whether the last connection failed. A retry must not be the call that finds out whether the next one does. */
  has(endpoint: Endpoint, port: number): boolean {
    return this.markOf(endpoint, port) !== undefined;
  }

  /** Whether a first attempt should go elsewhere. Reads the clock only for a marked endpoint. */
  isAvoided(endpoint: Endpoint, port: number): boolean {
    const mark = this.markOf(endpoint, port);
    return mark !== undefined && this.context.clock.now() < mark.nextAtMs;
  }

  /**
   * A call tries the endpoint. If its time has come, other calls avoid it for another interval.
   * Returns whether it has.
   */
  onAttempt(endpoint: Endpoint, port: number): boolean {
    const mark = this.markOf(endpoint, port);
    if (!mark) return false;
    const now = this.context.clock.now();
    // Earlier attempts are made only while no other endpoint is left.
    if (now < mark.nextAtMs) return false;
    mark.delayMs = Math.min(MAX_DELAY_MS, mark.delayMs * 2);
    mark.nextAtMs = now + mark.delayMs;
    return true;
  }

  /** A connection to the endpoint was open. */
  onReached(endpoint: Endpoint, port: number): void {
    if (this.used) this.marks.get(endpoint)?.delete(port);
  }

  /** No connection could be opened. */
  onFailed(endpoint: Endpoint, port: number, error: unknown): void {
    if (this.markOf(endpoint, port)) return;
    this.used = true;
    const now = this.context.clock.now();
    const ports = this.marks.get(endpoint) ?? new Map<number, Mark>();
    ports.set(port, { delayMs: FIRST_DELAY_MS, nextAtMs: now + FIRST_DELAY_MS });
    this.marks.set(endpoint, ports);
    if (now - this.warnedAtMs < WARN_EVERY_MS) return;
    this.warnedAtMs = now;
    const { id, address } = endpoint;
    const place = joinHostPort(address, port || endpoint.port);
    this.context.logger.warn(
      `No connection to endpoint ${id === place ? place : `"${id}" (${place})`} of service "${this.context.service}" (${messageOf(error)}): calls avoid it while there is another one, and one call tries it again within ${MAX_DELAY_MS / 1_000} s.`,
    );
  }

  private markOf(endpoint: Endpoint, port: number): Mark | undefined {
    return this.used ? this.marks.get(endpoint)?.get(port) : undefined;
  }
}
