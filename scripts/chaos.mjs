/** Runs test/chaos/main.ts on a fresh checkout: installs the dependencies, builds the library and finds or fetches the servers before. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { install, outdated } from './dependencies.mjs';
import { build } from './prepare/build.mjs';
import { provision } from './servers/provision.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

async function prepare() {
  const reason = await outdated(root);
  if (reason) console.error(`Installing the dependencies (${reason}) ...`);
  if (reason && (await install(root)) !== 0) throw new Error('The dependencies could not be installed.');
  await build(root);
  const { etcd, etcdctl, consul } = await provision({ report: console.error });
  return { ...process.env, ETCD_BIN: etcd, ETCDCTL_BIN: etcdctl, CONSUL_BIN: consul };
}

try {
  const env = await prepare();
  const loader = new URL('../test/harness/typescript.mjs', import.meta.url).href;
  const main = fileURLToPath(new URL('../test/chaos/main.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', loader, '--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)],
    { cwd: process.cwd(), stdio: 'inherit', env },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('close', (code) => (process.exitCode = code ?? 1));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
