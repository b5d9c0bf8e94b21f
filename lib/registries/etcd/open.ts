import { EtcdTransport } from '../../etcd-client/transport.js';
import { LeaderPin } from '../../etcd-client/leader-pin.js';
import { type Registry } from '../../registry/registry.js';
import { type RegistryDeps } from '../../registry/registry-source.js';
import { EtcdLayout } from './etcd-layout.js';
import { type EtcdRegistrySettings } from './options.js';
import { EtcdRegistry } from './etcd-registry.js';

/**
 * Creates the registry. Does not connect; the first request does.
 *
 * @throws MissingPeerError if `etcd3` is not installed
 * @throws InvalidOptionError if a file of `tls` cannot be read
 */
export async function openEtcd(
  url: string,
  { options, prefix }: EtcdRegistrySettings,
  deps: RegistryDeps,
): Promise<Registry> {
  const client = await EtcdTransport.create(options, deps);
  if (options.selectionMode === 'prioritize-leader') new LeaderPin(client, client.deps.clock).start();
  const timeoutMs = options.headerTimeoutPerRequest === undefined ? undefined : client.timeoutMs;
  return new EtcdRegistry(url, client, new EtcdLayout(prefix), timeoutMs);
}
