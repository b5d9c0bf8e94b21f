import { runInNewContext } from 'node:vm';

const LIMIT_MS = 10_000;

/**
 * Fails if `run` takes more than ten seconds, and stops it. With an input for which linear work takes a fraction of a second
 * and quadratic work takes minutes, the speed of the machine does not matter.
 */
export function expectLinear(run: () => void): void {
  let done = false;
  const work = (): void => {
    run();
    done = true;
  };
  try {
    runInNewContext('work()', { work }, { timeout: LIMIT_MS });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'))
      throw error;
  }
  expect(done).toBe(true);
}
