import { createRequire, syncBuiltinESMExports } from 'node:module';
import type * as WorkerThreads from 'node:worker_threads';

const threads = createRequire(import.meta.url)('node:worker_threads') as typeof WorkerThreads;
const running = new Set<WorkerThreads.Worker>();

/** A worker thread that can be ended from outside of what started it. */
class KnownWorker extends threads.Worker {
  constructor(...args: ConstructorParameters<typeof WorkerThreads.Worker>) {
    super(...args);
    running.add(this);
    this.once('exit', () => running.delete(this));
  }
}

/** Has every worker thread started from now on known here. To be called before what starts them is imported. */
export function knowThreads(): void {
  Object.assign(threads, { Worker: KnownWorker });
  syncBuiltinESMExports();
}

/** How a thread ends: terminated from outside, or by an uncaught error of its own. */
export type ThreadEnd = 'terminate' | 'crash';

/**
 * Ends every worker thread of this process.
 *
 * @returns how many there were
 */
export async function endThreads(how: ThreadEnd): Promise<number> {
  const ending = [...running];
  await Promise.all(
    ending.map(async (worker) => {
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      // No listener of ours can make anything of it: whatever the thread does with a message, it throws.
      if (how === 'crash') worker.postMessage(null);
      else await worker.terminate();
      await gone;
    }),
  );
  return ending.length;
}
