import { type Clock } from '../common/clock.js';
import { type RegistryEntry } from '../registry/registry.js';
import { decodeLockRecord } from './lock-record.js';

/** A record of a lock, and when this process saw it first. */
export interface LockSight {
  readonly version: string;
  readonly state: 'running' | 'held';
  /** When the lock is free, on the monotonic clock of this process. */
  readonly freeAt: number;
}

/**
 * Remembers when this process first saw the record of one lock. The time that a record has still to run counts from then,
 * so that the clocks of two machines are never compared.
 */
export class LockSights {
  private last: LockSight | undefined;

  /** @param foreignMs milliseconds for which a record of another program is respected */
  constructor(
    private readonly clock: Clock,
    private readonly foreignMs: () => number,
  ) {}

  /** The record as last seen; undefined for an empty key. */
  get current(): LockSight | undefined {
    return this.last;
  }

  /** Notes the content of the key. */
  see(entry: RegistryEntry | undefined): LockSight | undefined {
    if (entry?.version !== this.last?.version) this.last = entry && this.sightOf(entry);
    return this.last;
  }

  private sightOf({ version, record }: RegistryEntry): LockSight {
    const parsed = record.kind === 'key' ? decodeLockRecord(record.value) : undefined;
    const { state, remainingMs } = parsed ?? { state: 'running', remainingMs: this.foreignMs() };
    return { version, state, freeAt: this.clock.now() + remainingMs };
  }
}
