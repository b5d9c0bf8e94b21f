import { abortReason, onAbort } from './abort.js';

interface Waiter {
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

/** Limits how many tasks run at the same time. Waiting tasks start in the order of the calls. */
export class Semaphore {
  private running = 0;
  private readonly queue = new Set<Waiter>();

  /** @param limit Number of permits: tasks that run at the same time. */
  constructor(readonly limit: number) {}

  /** Number of tasks that wait for a permit. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Rejects all waiting tasks. They never start. */
  rejectWaiting(error: Error): void {
    const waiting = [...this.queue];
    this.queue.clear();
    for (const { reject } of waiting) reject(error);
  }

  /**
   * Runs `task` as soon as a permit is free. A started task holds its permit until it settles, even after an abort.
   *
   * @param signal Ends the wait, both for a permit and for the result.
   * @throws the error of `task`
   * @throws the reason of `signal` when it is aborted first
   */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) throw abortReason(signal);
    return await new Promise<T>((resolve, reject) => {
      const waiter: Waiter = {
        reject: (error) => {
          remove();
          reject(error);
        },
        start: () => {
          const settled = (async () => await task())();
          void settled.then(resolve, reject).finally(() => {
            remove();
            this.release();
          });
        },
      };
      const remove = onAbort(signal, () => {
        this.queue.delete(waiter);
        if (signal) reject(abortReason(signal));
      });
      if (this.running >= this.limit) {
        this.queue.add(waiter);
        return;
      }
      this.running += 1;
      waiter.start();
    });
  }

  /** Passes the permit to the task that has waited longest, so that no later call overtakes it. */
  private release(): void {
    for (const waiter of this.queue) {
      this.queue.delete(waiter);
      waiter.start();
      return;
    }
    this.running -= 1;
  }
}

/**
 * Runs `task` for each of `values`, at most `limit` at a time. After a failure it starts no further task.
 *
 * @throws the first failure, once all running tasks have settled
 */
export async function forEachLimited<T>(
  values: Iterable<T>,
  limit: number,
  task: (value: T) => Promise<void>,
): Promise<void> {
  const iterator = values[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true && failures.length === 0; next = iterator.next()) {
      try {
        await task(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
}
