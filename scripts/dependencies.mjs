import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Returns why the dependencies must be installed, or undefined if `node_modules` matches `package-lock.json`. Compares the
 * lock with npm's own record of the installed packages.
 *
 * @param {string} root the folder of the repository
 */
export async function outdated(root) {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  let installed;
  try {
    installed = JSON.parse(await readFile(join(root, 'node_modules', '.package-lock.json'), 'utf8'));
  } catch {
    return 'nothing is installed yet';
  }
  for (const [path, { version, optional, peer, link }] of Object.entries(lock.packages)) {
    if (!path.includes('node_modules/') || link || !version) continue;
    const found = installed.packages[path];
    if (found ? found.version !== version : !optional && !peer)
      return `${path.split('node_modules/').at(-1)} is ${found ? found.version : 'not installed'}, the lock has ${version}`;
  }
  return undefined;
}

/** Returns the command that runs npm and its first arguments: the npm that runs this script, else the one on the PATH. */
export function npm() {
  const path = process.env.npm_execpath;
  return path?.endsWith('.js') ? [process.execPath, path] : ['npm'];
}

/** Runs `npm ci` with its output in this process's output. Resolves with npm's exit code. */
export async function install(root) {
  const [command, ...args] = npm();
  return await new Promise((resolve) => {
    const child = spawn(command, [...args, 'ci', '--no-audit', '--no-fund'], {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32' && command === 'npm',
    });
    child.on('error', (error) => {
      console.error(`Could not run npm: ${error.message}`);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}
