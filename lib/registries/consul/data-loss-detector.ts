import { type Clock } from '../../common/clock.js';

/**
 * How long after a data loss a missing instance counts as lost rather than withdrawn. Every reader has read its scopes
 * by then.
 */
const RECENT_MS = 10_000;

/**
 * Detects that Consul has lost its data, as an agent in development mode does on restart: an index goes back. Instances
 * that are missing afterwards were not withdrawn.
 */
export class DataLossDetector {
  private readonly indexes = new Map<string, number>();
  private lostAt = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** Records the index of a response about `scope`, and returns whether a data loss is recent. */
  observe(scope: string, index: number): boolean {
    const now = this.clock.now();
    if (index < (this.indexes.get(scope) ?? 0)) this.lostAt = now;
    this.indexes.set(scope, index);
    return now - this.lostAt < RECENT_MS;
  }
}
