/** Runs test/fuzz/main.ts on a fresh checkout: installs the dependencies before. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { install, outdated } from './dependencies.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  const reason = await outdated(root);
  if (reason) console.error(`Installing the dependencies (${reason}) ...`);
  if (reason && (await install(root)) !== 0) throw new Error('The dependencies could not be installed.');
  const loader = new URL('../test/harness/typescript.mjs', import.meta.url).href;
  const main = fileURLToPath(new URL('../test/fuzz/main.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', loader, '--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)],
    { cwd: process.cwd(), stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('close', (code) => (process.exitCode = code ?? 1));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
