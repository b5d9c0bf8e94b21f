import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/prepare/build.mjs';
import { provision } from '../../scripts/servers/provision.mjs';

/**
 * Finds or fetches the servers once, before the first spec, and passes their paths to the workers. Builds the library
 * and the sample, since several specs run the build.
 */
export default async function setup() {
  const paths = await provision({ report: (line) => process.stderr.write(`${line}\n`) });
  process.env.ETCD_BIN = paths.etcd;
  process.env.ETCDCTL_BIN = paths.etcdctl;
  process.env.CONSUL_BIN = paths.consul;
  await build(fileURLToPath(new URL('../..', import.meta.url)));
}
