import { join } from 'node:path';
import { shell } from '../../../scripts/compatibility/shell.mjs';
import { type Consumer } from './consumer.js';
import { jestConfig } from './pages.js';

/** Their defaults, 5 s for a test, are too short for several runs beside each other. */
const TIMEOUT_MS = 120_000;

/** What Jest and Vitest report. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly unknown[];
}

/** Runs the specs below `src` of one of the consumer's folders, with the Jest configuration of docs/testing.md. */
export async function runJest({ folder }: Consumer, project: string): Promise<TestReport> {
  const template = {
    rootDir: `${project}/src`,
    testRegex: '.*(\\.|e2e-)spec\\.ts$',
    testEnvironment: 'node',
  };
  const config = JSON.stringify({ ...template, ...(await jestConfig()) });
  const jest = join(folder, 'node_modules', 'jest', 'bin', 'jest.js');
  return JSON.parse(
    await shell(process.execPath, [jest, '--json', '--config', config, `--testTimeout=${TIMEOUT_MS}`], {
      cwd: folder,
    }),
  ) as TestReport;
}

/**
 * Runs the specs of one of the consumer's folders with Vitest, configured as in the template of `nest new`, which has a
 * configuration for each of the two kinds.
 */
export async function runVitest(consumer: Consumer, project: string): Promise<TestReport> {
  await consumer.write({
    [`${project}/tsconfig.json`]: '{"extends":"../tsconfig.json","include":["src"]}',
    [`${project}/vitest.config.ts`]:
      "export default { test: { globals: true, root: './', include: ['**/*{.,.e2e-}spec.ts'] } };",
  });
  const { folder } = consumer;
  const vitest = join(folder, 'node_modules', 'vitest', 'vitest.mjs');
  const timeouts = ['test', 'hook'].map((name) => `--${name}Timeout=${TIMEOUT_MS}`);
  return JSON.parse(
    await shell(process.execPath, [vitest, 'run', '--reporter=json', ...timeouts], {
      cwd: join(folder, project),
    }),
  ) as TestReport;
}
