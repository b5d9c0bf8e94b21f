import { type Clock } from '../../common/clock.js';

/** Milliseconds after a loss in which a missing instance is taken for lost rather than withdrawn: every reader has looked by then. */
const RECENT_MS = 10_000;

/**
 * Notices by its indexes that Consul has lost its data, as an agent in development mode does when it restarts. The
 * instances that are missing then were not withdrawn.
 */
export class ConsulHistory {
  private readonly indexes = new Map<string, number>();
  private lostAt = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** Takes the index of an answer about `scope`; returns whether a loss is recent. */
  take(scope: string, index: number): boolean {
    const now = this.clock.now();
    if (index < (this.indexes.get(scope) ?? 0)) this.lostAt = now;
    this.indexes.set(scope, index);
    return now - this.lostAt < RECENT_MS;
  }
}
