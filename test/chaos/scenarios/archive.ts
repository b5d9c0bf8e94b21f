import { type KeyChange } from '../recording/event.js';
import { type Store, type Writes } from './store.js';

/** The history of the store, read before compaction takes it away. */
export class Archive {
  readonly changes: KeyChange[] = [];
  private next = 1;

  /**
   * @param prefix what the history is of
   * @param mark what closes part `n` of it, somewhere below the prefix
   */
  constructor(
    private readonly store: Store,
    private readonly prefix: string,
    private readonly mark: (n: number) => Writes = (n) => ({ [`${prefix}mark`]: String(n) }),
  ) {}

  /** Reads everything up to now, and returns the revision that is. */
  async upToNow(): Promise<number> {
    const revision = await this.store.writeSurely(this.mark(this.next));
    this.changes.push(...(await this.store.history(this.prefix, this.next, revision)));
    this.next = revision + 1;
    return revision;
  }
}
