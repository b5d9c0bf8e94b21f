import { sourceIdentity } from '../../registry/registry-source.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { checkRegistryOptions, type EtcdRegistryOptions, registryUrl } from './options.js';

/**
 * An etcd cluster as the registry. Instances are keys below a prefix, bound to a lease, in the form of etcd's Go package
 * `naming/endpoints`. Plain keys are stored under their own names. Does not connect; the module does.
 *
 * ```ts
 * SidekickModule.forRoot({ registry: etcd({ endpoints: 'http://10.0.0.1:2379,http://10.0.0.2:2379' }) });
 * ```
 *
 * @throws InvalidOptionError if an option is invalid
 * @throws NoEtcdEndpointsError if there is no endpoint
 */
export function etcd(options: EtcdRegistryOptions): RegistrySource {
  const settings = checkRegistryOptions(options);
  const url = registryUrl(settings);
  return {
    identity: sourceIdentity('etcd', JSON.stringify([settings.client, settings.prefix])),
    url,
    open: async (deps) => {
      const { openEtcd } = await import('./open.js');
      return await openEtcd(url, settings, deps);
    },
  };
}
