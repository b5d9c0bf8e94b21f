import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LOADER = new URL('./typescript.mjs', import.meta.url).href;

/**
 * Starts a TypeScript file as a process of its own, with a channel for messages and `env` on top of the environment.
 * The caller ends it. `flags` are options of Node.js.
 *
 * @param script from where the caller stands: `new URL('./worker.ts', import.meta.url)`
 */
export function forkTypeScript(
  script: URL,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): ChildProcess {
  return fork(fileURLToPath(script), [...args], {
    execArgv: ['--import', LOADER, '--disable-warning=ExperimentalWarning', ...flags],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  });
}
