import { type Change, type Cursor } from '../../registry/registry.js';

/** The last changes of a store. Revisions are consecutive integers, so a cursor is an index into the history. */
export class History {
  private changes: Change[] = [];
  /** The last revision that was compacted. */
  private compacted = 0;

  /** @param limit the number of changes that the history retains at least */
  constructor(private readonly limit: number) {}

  get revision(): number {
    return this.compacted + this.changes.length;
  }

  /** Appends `change` and returns its revision. */
  push(change: Change): number {
    this.changes.push(change);
    if (this.changes.length > 2 * this.limit) this.retain(this.limit);
    return this.revision;
  }

  /** Returns the changes after `cursor`, or undefined if they are compacted or the cursor is unknown. */
  after(cursor: Cursor): readonly Change[] | undefined {
    if (!/^\d{1,15}$/.test(cursor)) return undefined;
    const from = Number(cursor) - this.compacted;
    return from < 0 || from > this.changes.length ? undefined : this.changes.slice(from);
  }

  /** Drops all changes so far. */
  compact(): void {
    this.retain(0);
  }

  private retain(count: number): void {
    const dropped = this.changes.length - count;
    this.changes = this.changes.slice(dropped);
    this.compacted += dropped;
  }
}
