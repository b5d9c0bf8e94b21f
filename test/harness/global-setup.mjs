import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/prepare/build.mjs';
import { provision } from '../../scripts/servers/provision.mjs';
import { makeRunFolder } from './run-folder.mjs';

/**
 * Finds or fetches the servers once, before the first spec, and passes their paths to the workers. Builds the library
 * and the sample, since several specs run the build. Makes the folder of the run, which global-teardown.mjs removes.
 */
export default async function setup() {
  const paths = await provision({ report: (line) => process.stderr.write(`${line}\n`) });
  process.env.ETCD_BIN = paths.etcd;
  process.env.ETCDCTL_BIN = paths.etcdctl;
  process.env.CONSUL_BIN = paths.consul;
  process.env.SIDEKICK_TEST_RUN = await makeRunFolder();
  await build(fileURLToPath(new URL('../..', import.meta.url)));
}
