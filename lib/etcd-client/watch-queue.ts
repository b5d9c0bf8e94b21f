interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, void>) => void;
  readonly reject: (error: Error) => void;
}

/** A queue with a single reader. A newer record may replace an older one, so that signs of life do not accumulate. */
export class WatchQueue<T> implements AsyncIterableIterator<T, void> {
  private readonly records: T[] = [];
  private outcome: { error: Error | undefined } | undefined;
  private reader: Reader<T> | undefined;

  /**
   * @param replaces whether a newer record replaces the older one before it, which is still unread
   * @param onReturn called when the reader ends the iteration
   */
  constructor(
    private readonly replaces: (newer: T, older: T) => boolean,
    private readonly onReturn: () => void,
  ) {}

  /** Appends a record. Does nothing after {@link WatchQueue.end}. */
  push(record: T): void {
    if (this.outcome) return;
    const { reader } = this;
    if (reader) {
      this.reader = undefined;
      reader.resolve({ done: false, value: record });
      return;
    }
    const older = this.records.at(-1);
    if (older !== undefined && this.replaces(record, older)) this.records.pop();
    this.records.push(record);
  }

  /** Ends the queue after the records in it, with or without an error. */
  end(error?: Error): void {
    this.outcome ??= { error };
    const { reader } = this;
    this.reader = undefined;
    if (reader) this.next().then(reader.resolve, reader.reject);
  }

  next(): Promise<IteratorResult<T, void>> {
    const record = this.records.shift();
    if (record !== undefined) return Promise.resolve({ done: false, value: record });
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
    this.records.length = 0;
    this.end();
    this.onReturn();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
