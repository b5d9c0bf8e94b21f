import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { install, outdated } from './dependencies.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a TypeScript program of this repository, also on a fresh checkout: first installs the dependencies. Passes on the
 * arguments of this process, and exits with the program's code.
 *
 * @param {string} program path below the root
 * @param {() => Promise<NodeJS.ProcessEnv>} [prepare] called after the installation; returns the program's environment
 */
export async function runTypeScript(program, prepare = async () => process.env) {
  try {
    const reason = await outdated(root);
    if (reason) console.error(`Installing the dependencies (${reason}) ...`);
    if (reason && (await install(root)) !== 0) throw new Error('The dependencies could not be installed.');
    const env = await prepare();
    const loader = new URL('../test/harness/typescript.mjs', import.meta.url).href;
    const main = fileURLToPath(new URL(`../${program}`, import.meta.url));
    const child = spawn(
      process.execPath,
      ['--import', loader, '--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)],
      { cwd: process.cwd(), stdio: 'inherit', env },
    );
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.on('close', (code) => (process.exitCode = code ?? 1));
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
