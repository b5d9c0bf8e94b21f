/** Files worked on at once: enough to keep the thread pool busy, few enough to leave it to others. */
const AT_ONCE = 8;

/** Runs `work` on each of `items`, a few at a time; throws the first failure. */
export async function inBatches<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
