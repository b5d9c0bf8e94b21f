/** Time after which a wait is given up. */
const DEADLINE_MS = 30_000;
const EVERY_MS = 100;

/**
 * Waits for a condition.
 *
 * @param what for the error: "the list to have three instances"
 */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > end)
      throw new Error(`Waited ${DEADLINE_MS / 1000} s for ${what} without success.`);
    await new Promise((resolve) => {
      // Does not keep a sample running that has ended otherwise.
      setTimeout(resolve, EVERY_MS).unref();
    });
  }
}
