import { type Change, type Cursor } from '../../registry/registry.js';

/** The last changes of a store. Each has the revision after the one before it, so that a cursor is a place in it. */
export class History {
  private changes: Change[] = [];
  /** The last revision that is no longer kept. */
  private compacted = 0;

  /** @param limit how many changes are kept at least */
  constructor(private readonly limit: number) {}

  get revision(): number {
    return this.compacted + this.changes.length;
  }

  /** @returns the revision of `change` */
  push(change: Change): number {
    this.changes.push(change);
    if (this.changes.length > 2 * this.limit) this.retain(this.limit);
    return this.revision;
  }

  /** What came after `cursor`, or undefined where that is no longer known. */
  after(cursor: Cursor): readonly Change[] | undefined {
    if (!/^\d{1,15}$/.test(cursor)) return undefined;
    const from = Number(cursor) - this.compacted;
    return from < 0 || from > this.changes.length ? undefined : this.changes.slice(from);
  }

  /** Forgets everything up to now. */
  compact(): void {
    this.retain(0);
  }

  private retain(kept: number): void {
    const dropped = this.changes.length - kept;
    this.changes = this.changes.slice(dropped);
    this.compacted += dropped;
  }
}
