import { writeFileSync } from 'node:fs';

/** Jest reporter that writes the numbers of a run to the file in `SIDEKICK_COUNTS`, for scripts/test.mjs. */
export default class CountsReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.SIDEKICK_COUNTS;
    if (!file) return;
    const counts = {
      passed: results.numPassedTests,
      // A file that failed outside its tests, by a syntax error or an open handle, counts as one failure.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    writeFileSync(file, JSON.stringify(counts));
  }
}
