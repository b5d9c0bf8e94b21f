/** Runs tasks of the same lane one after the other, and those of different lanes side by side. */
export class Lanes {
  private readonly tails = new Map<string, Promise<unknown>>();

  async run<T>(lane: string, task: () => Promise<T>): Promise<T> {
    const before = this.tails.get(lane) ?? Promise.resolve();
    const mine = before.then(task, task);
    this.tails.set(lane, mine);
    try {
      return await mine;
    } finally {
      if (this.tails.get(lane) === mine) this.tails.delete(lane);
    }
  }
}
