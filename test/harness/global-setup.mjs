import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/prepare/build.mjs';
import { provision } from '../../scripts/servers/provision.mjs';

/**
 * Finds or fetches the servers once, before the first spec, and tells the workers where they are. Builds the library
 * and the sample, since several specs run what is built.
 */
export default async function setup() {
  const paths = await provision({ report: (line) => process.stderr.write(`${line}\n`) });
  process.env.ETCD_BIN = paths.etcd;
  process.env.ETCDCTL_BIN = paths.etcdctl;
  process.env.CONSUL_BIN = paths.consul;
  await build(fileURLToPath(new URL('../..', import.meta.url)));
}
