import { writeFileSync } from 'node:fs';

/** Leaves the numbers of a jest run in the file that `SIDEKICK_COUNTS` names, for scripts/test.mjs. */
export default class CountsReporter {
  onRunComplete(_contexts, results) {
    const file = process.env.SIDEKICK_COUNTS;
    if (!file) return;
    const counts = {
      passed: results.numPassedTests,
      // A file that failed outside its tests counts as one: a syntax error, or something it left open.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
    };
    writeFileSync(file, JSON.stringify(counts));
  }
}
