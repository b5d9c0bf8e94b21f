/** `npm start`: installs, builds and runs the sample, also from a fresh clone. Needs Node and npm only. */
import { fileURLToPath } from 'node:url';
import { build } from './prepare/build.mjs';
import { install } from './prepare/install.mjs';
import { InterruptedError } from './prepare/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

// npm sends a signal to the shell that runs this script, and not every shell forwards it before it exits.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 500).unref();

try {
  await install(root);
  await build(root);
  await import('../sample/dist/main.js');
} catch (error) {
  // Ends by the signal, so that the parent process sees the interruption.
  if (error instanceof InterruptedError) process.kill(process.pid, error.signal);
  else {
    console.error(error.message);
    process.exitCode = 1;
  }
}
