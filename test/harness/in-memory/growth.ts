import { runInNewContext } from 'node:vm';

const LIMIT_MS = 10_000;

/**
 * Fails if `run` takes more than ten seconds, and stops it. With an input for which linear work takes a fraction of a second
 * and quadratic work takes minutes, the speed of the machine does not matter.
 */
export function expectLinear(run: () => void): void {
  const work = (): unknown => runInNewContext('run()', { run }, { timeout: LIMIT_MS });
  expect(work).not.toThrow();
}
