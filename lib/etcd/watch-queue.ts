interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, void>) => void;
  readonly reject: (error: Error) => void;
}

/** What one watch has to say, for one reader, until it comes for it. Signs of life do not pile up. */
export class WatchQueue<T> implements AsyncIterableIterator<T, void> {
  private readonly items: T[] = [];
  private outcome: { error: Error | undefined } | undefined;
  private reader: Reader<T> | undefined;

  /**
   * @param replaces whether a newer item makes an older one, both waiting, superfluous
   * @param onReturn called when the reader has had enough
   */
  constructor(
    private readonly replaces: (newer: T, older: T) => boolean,
    private readonly onReturn: () => void,
  ) {}

  /** Adds an item. */
  push(item: T): void {
    if (this.outcome) return;
    const { reader } = this;
    if (reader) {
      this.reader = undefined;
      reader.resolve({ done: false, value: item });
      return;
    }
    const older = this.items.at(-1);
    if (older !== undefined && this.replaces(item, older)) this.items.pop();
    this.items.push(item);
  }

  /** Ends the queue after what is in it, with an error or without. */
  end(error?: Error): void {
    this.outcome ??= { error };
    const { reader } = this;
    this.reader = undefined;
    if (reader) this.next().then(reader.resolve, reader.reject);
  }

  next(): Promise<IteratorResult<T, void>> {
    const item = this.items.shift();
    if (item !== undefined) return Promise.resolve({ done: false, value: item });
    if (!this.outcome) {
      return new Promise((resolve, reject) => {
        this.reader = { resolve, reject };
      });
    }
    const { error } = this.outcome;
    if (!error) return Promise.resolve({ done: true, value: undefined });
    this.outcome.error = undefined;
    return Promise.reject(error);
  }

  return(): Promise<IteratorResult<T, void>> {
    this.items.length = 0;
    this.end();
    this.onReturn();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
