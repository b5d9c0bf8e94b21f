/** Bounds how many requests run at the same time. */
export type Gate = <T>(run: () => Promise<T>) => Promise<T>;

/** A gate that lets `limit` requests run at a time and keeps the order of those that wait. */
export function createGate(limit: number): Gate {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (run) => {
    if (running >= limit) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    } else running += 1;
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      // The place is handed on, so that nobody slips in between.
      if (next) next();
      else running -= 1;
    }
  };
}
