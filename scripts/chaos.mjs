/** Runs test/chaos/main.ts on a fresh checkout: installs the dependencies, builds the library and finds or fetches the servers before. */
import { build } from './prepare/build.mjs';
import { root, runTypeScript } from './run-typescript.mjs';
import { provision } from './servers/provision.mjs';

await runTypeScript('test/chaos/main.ts', async () => {
  await build(root);
  const { etcd, etcdctl, consul } = await provision({ report: console.error });
  return { ...process.env, ETCD_BIN: etcd, ETCDCTL_BIN: etcdctl, CONSUL_BIN: consul };
});
