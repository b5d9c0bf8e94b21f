/** A mutex for each key: tasks of the same key run one after the other, tasks of different keys run concurrently. */
export class KeyedMutex {
  private readonly tails = new Map<string, Promise<unknown>>();

  /**
   * Runs `task` after all earlier tasks of `key` have settled.
   *
   * @throws the error of `task`
   */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const previous = this.tails.get(key) ?? Promise.resolve();
    const tail = previous.then(task, task);
    this.tails.set(key, tail);
    try {
      return await tail;
    } finally {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    }
  }
}
