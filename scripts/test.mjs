/**
 * `npm test`: runs the specs, also on a fresh checkout; `npm run test:long` runs the project `long`, which `npm test` leaves
 * out. Installs the dependencies if they are missing or differ from the lock, finds or downloads the servers, runs Jest with
 * the given arguments, and ends with what failed and one line of numbers: `N passed, N failed`. Needs Node and npm only.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, outdated } from './dependencies.mjs';
import { provision } from './servers/provision.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs Jest and resolves with its exit code and its numbers. */
async function jest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-sidekick-test-'));
  const file = join(folder, 'counts.json');
  try {
    const code = await new Promise((resolve) => {
      const child = spawn(
        process.execPath,
        [
          '--experimental-vm-modules',
          '--disable-warning=ExperimentalWarning',
          join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
          // First, since an option with a list consumes the arguments that follow it.
          ...args,
          '--reporters=default',
          `--reporters=${join(root, 'scripts', 'counts-reporter.mjs')}`,
        ],
        { cwd: root, stdio: 'inherit', env: { ...env, SIDEKICK_COUNTS: file } },
      );
      for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
      child.on('close', (exit) => resolve(exit ?? 1));
    });
    return { code, ...read(file) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads the numbers and failures that Jest wrote; one failure if it wrote none. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {
      counts: { passed: 0, failed: 1, skipped: 0 },
      failures: ['Jest ended without results; see its output above.'],
    };
  }
}

/** Returns the servers' paths as environment variables, or the error that describes how to provide them. */
async function servers() {
  try {
    const paths = await provision({ report: console.error });
    return { env: { ETCD_BIN: paths.etcd, ETCDCTL_BIN: paths.etcdctl, CONSUL_BIN: paths.consul } };
  } catch (error) {
    return { env: {}, error };
  }
}

/**
 * The arguments of each run of jest. In a run of everything, the specs that wait for servers have more workers than there
 * are processors, and the specs that measure time run last, one after the other.
 */
function runsOf(args, { long, withoutServers }) {
  // Without the servers, the tests that need none still run, and the run fails.
  if (withoutServers) return [[...args, '--selectProjects', 'unit']];
  if (long) return [[...args, '--selectProjects', 'long']];
  if (args.length > 0) return [args];
  const processors = availableParallelism();
  return [
    ['--selectProjects', 'unit', 'fuzz'],
    ['--maxWorkers', `${Math.min(2 * processors + 1, 8)}`, '--selectProjects', 'real', 'product'],
    ['--maxWorkers', '1', '--selectProjects', 'alone'],
  ];
}

/** Prints what failed, then the numbers as the last line, and sets the exit code. */
function conclude({ code, passed, failed, skipped }, failures = []) {
  process.exitCode = failed > 0 ? code || 1 : code;
  // Once more at the end: a run prints thousands of lines, and a failure in the middle of them is easily missed.
  if (failures.length > 0) console.log(`\nFailed:\n\n${failures.join('\n\n')}\n`);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}

const long = process.argv[2] === '--long';
const args = process.argv.slice(long ? 3 : 2);
const reason = await outdated(root);
if (reason) console.error(`Installing the dependencies (${reason}) ...`);
const installed = reason ? await install(root) : 0;
if (installed !== 0) {
  console.error('The dependencies could not be installed; see the output of npm above.');
  conclude({ code: installed, passed: 0, failed: 1, skipped: 0 });
} else {
  const { env, error } = await servers();
  const result = { code: 0, passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  for (const run of runsOf(args, { long, withoutServers: error !== undefined })) {
    const { code, counts, failures: more } = await jest(run, { ...process.env, ...env });
    result.code ||= code;
    failures.push(...more);
    for (const name of Object.keys(counts)) result[name] += counts[name];
  }
  if (error) {
    console.error(`\nThe tests against real servers did not run.\n${error.message}\n`);
    result.failed += 1;
  }
  conclude(result, failures);
}
