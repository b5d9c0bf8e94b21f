import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/prepare/build.mjs';
import { provision } from '../../scripts/servers/provision.mjs';

/**
 * Finds or fetches the servers once, before the first spec, and passes their paths to the workers. Builds the library
 * and the sample, since several specs run the build. Makes the folder of `oncePerRun`, which global-teardown.mjs removes.
 */
export default async function setup() {
  const paths = await provision({ report: (line) => process.stderr.write(`${line}\n`) });
  process.env.ETCD_BIN = paths.etcd;
  process.env.ETCDCTL_BIN = paths.etcdctl;
  process.env.CONSUL_BIN = paths.consul;
  process.env.SIDEKICK_TEST_RUN = await mkdtemp(join(tmpdir(), 'nestjs-sidekick-run-'));
  await build(fileURLToPath(new URL('../..', import.meta.url)));
}
