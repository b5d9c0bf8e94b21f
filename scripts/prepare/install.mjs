import { npm, outdated } from '../dependencies.mjs';
import { step } from './step.mjs';

/**
 * Installs the packages of `package-lock.json` unless they are installed already.
 *
 * @param {string} root the repository
 */
export async function install(root) {
  if (!(await outdated(root))) return;
  const [program, ...first] = npm();
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  await step('Installing the packages (npm ci)', program, [...first, ...args], { cwd: root });
}
