import { MAX_SECONDS } from '../common/clock.js';
import { parseJsonObject } from '../common/json-object.js';

/** The value of a lock's key, as JSON. */
export interface LockRecord {
  /** Name of the holder's process, for operators. */
  readonly holder: string;
  /** `running`: the job runs. `held`: it has ended, and `lockAtLeastFor` has not passed. */
  readonly state: 'running' | 'held';
  /** Milliseconds from the write of this record until the lock is free. Observers count them from its first sight. */
  readonly remainingMs: number;
  /** When the run began, as an ISO 8601 date of the holder's wall clock. For operators only. */
  readonly since: string;
}

const FORMAT = 1;

/** Formats a record as the value of its key. */
export function encodeLockRecord({ holder, state, remainingMs, since }: LockRecord): string {
  return JSON.stringify({ format: FORMAT, holder, state, remaining: remainingMs / 1_000, since });
}

/** Parses the value of a lock's key. Undefined for a value that is no record of this library. */
export function decodeLockRecord(value: string): LockRecord | undefined {
  const parsed = parseJsonObject(value);
  if (!parsed) return undefined;
  const { format, holder, state, remaining, since } = parsed;
  if (format !== FORMAT || typeof holder !== 'string' || typeof since !== 'string') return undefined;
  if (state !== 'running' && state !== 'held') return undefined;
  if (typeof remaining !== 'number' || !(remaining >= 0 && remaining <= MAX_SECONDS)) return undefined;
  return Object.freeze({ holder, state, remainingMs: remaining * 1_000, since });
}
