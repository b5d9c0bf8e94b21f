/** `npm start`: from a fresh clone to the running sample, with nothing but Node and npm. */
import { fileURLToPath } from 'node:url';
import { build } from './prepare/build.mjs';
import { install } from './prepare/install.mjs';
import { InterruptedError } from './prepare/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

// npm sends a signal to the shell it runs this in, and not every shell passes it on before it ends.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 500).unref();

try {
  await install(root);
  await build(root);
  await import('../sample/dist/main.js');
} catch (error) {
  // Whoever started this sees that it was interrupted.
  if (error instanceof InterruptedError) process.kill(process.pid, error.signal);
  else {
    console.error(error.message);
    process.exitCode = 1;
  }
}
