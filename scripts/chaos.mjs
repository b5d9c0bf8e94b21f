/** Runs test/chaos/main.ts, also on a fresh checkout: first installs the dependencies, builds the library and provides the servers. */
import { build } from './prepare/build.mjs';
import { root, runTypeScript } from './run-typescript.mjs';
import { provision } from './servers/provision.mjs';

await runTypeScript('test/chaos/main.ts', async () => {
  await build(root);
  const { etcd, etcdctl, consul } = await provision({ report: console.error });
  return { ...process.env, ETCD_BIN: etcd, ETCDCTL_BIN: etcdctl, CONSUL_BIN: consul };
});
