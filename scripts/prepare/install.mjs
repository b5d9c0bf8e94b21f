import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { step } from './step.mjs';

/**
 * Installs the packages that `package-lock.json` names, unless they are there already.
 *
 * @param {string} root the repository
 */
export async function install(root) {
  if (await installed(root)) return;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  // Under `npm start` the same npm does it; with plain `node` the one on the PATH.
  const [program, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  await step('Installing the packages (npm ci)', program, [...first, ...args], { cwd: root });
}

/**
 * Whether what npm last installed is what the lock file asks for. npm writes its own list as the last thing it does,
 * so an interrupted installation has none.
 */
async function installed(root) {
  const wanted = await packages(join(root, 'package-lock.json'));
  const present = await packages(join(root, 'node_modules', '.package-lock.json')).catch(() => undefined);
  if (!present) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const found = present[path];
    // An optional package may be for another platform.
    return found ? found.version === version : optional === true;
  });
}

async function packages(file) {
  return JSON.parse(await readFile(file, 'utf8')).packages;
}
