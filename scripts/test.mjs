/**
 * Runs every test on a fresh checkout with nothing but Node and npm there: installs the dependencies when they are
 * missing or not those of the lock, finds or fetches the servers, runs jest with the arguments given, and ends with
 * one line of numbers: `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, outdated } from './dependencies.mjs';
import { provision } from './servers/provision.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs jest and resolves with its exit code and the numbers it reached. */
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
          // First, since an option that takes a list takes what follows it too.
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

/** The numbers jest left; one failure when it ended before it could. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** The servers' paths as environment variables, or the error that says how to provide them. */
async function servers() {
  try {
    const paths = await provision({ report: console.error });
    return { env: { ETCD_BIN: paths.etcd, ETCDCTL_BIN: paths.etcdctl, CONSUL_BIN: paths.consul } };
  } catch (error) {
    return { env: {}, error };
  }
}

/** Ends the output with the numbers, and sets the exit code. */
function conclude({ code, passed, failed, skipped }) {
  process.exitCode = failed > 0 ? code || 1 : code;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}

const args = process.argv.slice(2);
const reason = await outdated(root);
if (reason) console.error(`Installing the dependencies (${reason}) ...`);
const installed = reason ? await install(root) : 0;
if (installed !== 0) {
  console.error('The dependencies could not be installed; npm has said why above.');
  conclude({ code: installed, passed: 0, failed: 1, skipped: 0 });
} else {
  const { env, error } = await servers();
  // Without the servers the tests that need none still run, and the run as a whole still fails.
  const result = await jest(error ? [...args, '--selectProjects', 'unit'] : args, { ...process.env, ...env });
  if (error) {
    console.error(`\nThe tests against real servers did not run.\n${error.message}\n`);
    result.failed += 1;
  }
  conclude(result);
}
