/** `npm start`: from a fresh clone to the running sample, with nothing but Node and npm. */
import { fileURLToPath } from 'node:url';
import { build } from './prepare/build.mjs';
import { install } from './prepare/install.mjs';
import { InterruptedError } from './prepare/step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
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
