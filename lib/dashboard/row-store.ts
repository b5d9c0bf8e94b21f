import { type Row, type RowsMessage } from './rows.js';

/** Removals to remember. A reader that missed more receives all rows. */
const MAX_REMOVALS = 2_000;

interface StoredRow {
  readonly row: Row;
  readonly json: string;
  /** The version of the store at which the row last changed. */
  readonly version: number;
}

/** What a reader lacks, and the version it has afterwards. */
export interface RowsDelta extends Omit<RowsMessage, 'now'> {
  readonly version: number;
}

/**
 * The newest rows, numbered by change. A reader asks for what changed since the version it has: the store keeps no queue
 * for each reader, so a slow one costs no memory.
 */
export class RowStore {
  private rows = new Map<string, StoredRow>();
  private removals: { readonly key: string; readonly version: number }[] = [];
  /** The least version from which all removals are remembered. */
  private floor = 0;
  private current = 0;

  /** Incremented by each change; 0 before the first. */
  get version(): number {
    return this.current;
  }

  /** Replaces all rows. Returns whether any has changed. */
  replace(next: ReadonlyMap<string, Row>): boolean {
    const version = this.current + 1;
    const rows = new Map<string, StoredRow>();
    let changed = false;
    for (const [key, row] of next) {
      const json = JSON.stringify(row);
      const stored = this.rows.get(key);
      if (stored?.json === json) rows.set(key, stored);
      else {
        rows.set(key, { row, json, version });
        changed = true;
      }
    }
    for (const key of this.rows.keys()) {
      if (next.has(key)) continue;
      this.removals.push({ key, version });
      changed = true;
    }
    if (!changed) return false;
    this.rows = rows;
    this.current = version;
    this.forget();
    return true;
  }

  /** What changed since `version`; all rows when `version` is 0 or too old; undefined when nothing has changed. */
  since(version: number): RowsDelta | undefined {
    if (version === this.current) return undefined;
    const complete = version === 0 || version < this.floor;
    const rows = [...this.rows].filter(([, stored]) => complete || stored.version > version);
    const removed = complete ? [] : this.removals.filter((removal) => removal.version > version);
    return {
      version: this.current,
      complete,
      rows: Object.fromEntries(rows.map(([key, { row }]) => [key, row])),
      // A row that is gone and back again is not removed.
      removed: [...new Set(removed.map(({ key }) => key))].filter((key) => !this.rows.has(key)),
    };
  }

  private forget(): void {
    const excess = this.removals.length - MAX_REMOVALS;
    if (excess <= 0) return;
    this.floor = this.removals[excess - 1]?.version ?? this.floor;
    this.removals = this.removals.slice(excess);
  }
}
