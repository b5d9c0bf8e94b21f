/**
 * Asks npm for known faults in what an application installs with this package, and fails on grave ones. Where the
 * registry offers no audit, or cannot be reached, it says so and lets the run go on.
 */
import { spawnSync } from 'node:child_process';

const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  timeout: 60_000,
  shell: process.platform === 'win32',
});

/** @returns {Record<string, number> | undefined} the numbers by severity, or undefined when there was no audit */
function severities() {
  try {
    return JSON.parse(stdout).metadata?.vulnerabilities;
  } catch {
    return undefined;
  }
}

const found = severities();
if (!found) {
  console.log(`No audit: the registry gave no answer to it${error ? ` (${error.message})` : ''}.`);
} else {
  const grave = (found.high ?? 0) + (found.critical ?? 0);
  console.log(`Audit: ${found.total ?? 0} known faults in runtime dependencies, ${grave} of them grave.`);
  if (grave > 0) process.exitCode = 1;
}
