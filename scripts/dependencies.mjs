import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Why the dependencies have to be installed before anything else can run, or undefined when `node_modules` holds what
 * `package-lock.json` asks for. Compares the lock with npm's own record of what it installed.
 *
 * @param {string} root the folder of the checkout
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

/** The program, and the arguments before any other, that run npm: the one that runs this script, else the PATH's. */
export function npm() {
  const path = process.env.npm_execpath;
  return path?.endsWith('.js') ? [process.execPath, path] : ['npm'];
}

/** Installs what the lock asks for; its output goes to this process's own. Resolves with npm's exit code. */
export async function install(root) {
  const [command, ...args] = npm();
  return await new Promise((resolve) => {
    const child = spawn(command, [...args, 'ci', '--no-audit', '--no-fund'], {
      cwd: root,
      stdio: 'inherit',
      shell: process.platform === 'win32' && command === 'npm',
    });
    child.on('error', (error) => {
      console.error(`npm could not be run: ${error.message}`);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}
