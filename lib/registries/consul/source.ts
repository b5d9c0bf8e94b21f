import { sourceIdentity } from '../../registry/registry-source.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { type ConsulOptions, consulSettings, consulUrl } from './options.js';

/**
 * A Consul agent as the registry: instances are services of the agent with a TTL check `service:<id>`, keys are in its
 * key/value store, held by a Consul session.
 *
 * @throws InvalidOptionError when an option is not as {@link ConsulOptions} says
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
