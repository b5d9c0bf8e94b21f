import { sourceIdentity } from '../../registry/registry-source.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { type ConsulOptions, consulSettings, consulUrl } from './options.js';

/**
 * Makes a Consul agent the registry. Instances are services of the agent with a TTL check `service:<id>`. Keys are in
 * the key/value store, locked by a Consul session.
 *
 * @throws InvalidOptionError when an option is not as {@link ConsulOptions} describes it
 */
export function consul(options: ConsulOptions = {}): RegistrySource {
  const settings = consulSettings(options);
  return {
    identity: sourceIdentity(
      'consul',
      JSON.stringify(settings, Object.keys(settings).concat(Object.keys(settings.tls)).sort()),
    ),
    url: consulUrl(settings),
    open: async (deps) => {
      const { openConsul } = await import('./consul-registry.js');
      return await openConsul(settings, deps);
    },
  };
}
