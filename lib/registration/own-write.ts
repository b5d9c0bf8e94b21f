import { type Clock } from '../common/clock.js';
import { type EntryKey } from '../registry/entry-record.js';
import { publishPropagation } from './heartbeat-diagnostics.js';

/** Dependencies of {@link OwnWrite}. */
export interface OwnWriteDeps {
  readonly clock: Clock;
  readonly registry: { readonly driver: string };
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string | undefined;
}

/** The last write of an entry, until the watch of this process has seen it. */
export class OwnWrite {
  /** What the watch saw last, since the write was sent. */
  private seen: { readonly version: string | undefined } | undefined;
  /** The acknowledged version that the watch has not seen yet. */
  private pending: string | undefined;
  private acknowledgedAt = 0;

  constructor(
    private readonly deps: OwnWriteDeps,
    private readonly entryKey: EntryKey,
  ) {}

  /** Called before a write is sent. */
  sent(): void {
    this.seen = undefined;
    this.pending = undefined;
  }

  /** Called with each version that the watch sees; undefined: without an entry. */
  observed(version: string | undefined): void {
    this.seen = { version };
    if (version === undefined || version !== this.pending) return;
    this.pending = undefined;
    this.report(this.deps.clock.now() - this.acknowledgedAt);
  }

  /**
   * Called with the version of an acknowledged write, while a watch covers the entry. Returns false when the watch has seen
   * another version since the write was sent.
   */
  acknowledged(version: string): boolean {
    this.acknowledgedAt = this.deps.clock.now();
    if (this.seen?.version === version) this.report(0);
    else this.pending = version;
    return this.seen === undefined || this.seen.version === version;
  }

  private report(durationMs: number): void {
    const { applicationId, registry } = this.deps;
    publishPropagation(applicationId, registry.driver, this.entryKey, durationMs);
  }
}
