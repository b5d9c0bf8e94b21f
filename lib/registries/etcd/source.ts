import { sourceIdentity } from '../../registry/registry-source.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { checkRegistryOptions, type EtcdRegistryOptions, registryUrl } from './options.js';

/**
 * An etcd cluster as the registry: instances are keys below a prefix, in the form that etcd's Go package
 * `naming/endpoints` reads, bound to a lease; plain keys are kept under their own names.
 *
 * ```ts
 * SidekickModule.forRoot({ registry: etcd({ endpoints: 'http://10.0.0.1:2379,http://10.0.0.2:2379' }) });
 * ```
 *
 * @throws InvalidOptionError when an option is not as {@link EtcdRegistryOptions} says
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
