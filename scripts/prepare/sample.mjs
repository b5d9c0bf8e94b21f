import { fileURLToPath } from 'node:url';
import { provision } from '../servers/provision.mjs';
import { build } from './build.mjs';
import { install } from './install.mjs';
import { InterruptedError } from './step.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The servers that a sample starts, and the variables by which it finds their programs. */
const SERVERS = { '02-etcd-cluster': { etcd: 'ETCD_BIN' }, '03-consul': { consul: 'CONSUL_BIN' } };

/**
 * Installs, builds and runs a sample, also from a fresh clone. Needs Node and npm only.
 *
 * @param {string} name folder in `sample`
 */
export async function play(name) {
  // npm sends a signal to the shell that runs this script, and not every shell forwards it before it exits.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, 500).unref();
  try {
    await install(root);
    await build(root);
    for (const [server, variable] of Object.entries(SERVERS[name] ?? {})) {
      const paths = await provision({ servers: [server], report: console.log });
      process.env[variable] = paths[server];
    }
    await import(`../../sample/dist/${name}/run.js`);
  } catch (error) {
    // Ends by the signal, so that the parent process sees the interruption.
    if (error instanceof InterruptedError) process.kill(process.pid, error.signal);
    else {
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
