/** What one watch has to say, until its reader comes for it. Signs of life do not pile up. */
export class WatchQueue<T> {
  private readonly items: T[] = [];
  private outcome: { readonly error: Error | undefined } | undefined;
  private wake: (() => void) | undefined;

  /** @param replaces whether a newer item makes an older one, both waiting, superfluous */
  constructor(private readonly replaces: (newer: T, older: T) => boolean) {}

  /** Adds an item. */
  push(item: T): void {
    if (this.outcome) return;
    const older = this.items.at(-1);
    if (older !== undefined && this.replaces(item, older)) this.items.pop();
    this.items.push(item);
    this.wake?.();
  }

  /** Ends the queue after what is in it, with an error or without. */
  end(error?: Error): void {
    this.outcome ??= { error };
    this.wake?.();
  }

  /** Hands out items as they come, for one reader. */
  async *read(): AsyncGenerator<T, void> {
    for (;;) {
      const item = this.items.shift();
      if (item !== undefined) {
        yield item;
      } else if (this.outcome) {
        if (this.outcome.error) throw this.outcome.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        this.wake = undefined;
      }
    }
  }
}
