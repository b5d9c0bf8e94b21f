import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Lines of a failure's message that the list at the end of the run repeats. */
const LINES = 20;

/**
 * Jest reporter that writes the numbers of a run and its failures to the file in `SIDEKICK_COUNTS`, for
 * scripts/test.mjs.
 */
export default class CountsReporter {
  constructor({ rootDir }) {
    this.root = rootDir;
  }

  onRunComplete(_contexts, results) {
    const file = process.env.SIDEKICK_COUNTS;
    if (!file) return;
    const counts = {
      passed: results.numPassedTests,
      // A file that failed outside its tests, by a syntax error or an open handle, counts as one failure.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    const failures = results.testResults.flatMap((spec) => this.failuresOf(spec));
    writeFileSync(file, JSON.stringify({ counts, failures }));
  }

  /** Describes each failed test of a spec, or the spec itself if it failed outside its tests. */
  failuresOf({ testFilePath, testResults, failureMessage }) {
    const path = relative(this.root, testFilePath);
    const failed = testResults.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return failureMessage ? [`${path}\n${excerpt(failureMessage)}`] : [];
    return failed.map(
      ({ fullName, failureMessages }) => `${path} › ${fullName}\n${excerpt(failureMessages.join('\n'))}`,
    );
  }
}

function excerpt(message) {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim());
  return lines
    .slice(0, LINES)
    .map((line) => `    ${line}`)
    .join('\n');
}
