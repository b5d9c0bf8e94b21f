import { type RegistrySource } from '../../registry/registry-source.js';
import { type DnsOptions, readDnsOptions } from './options.js';

/**
 * Makes the DNS the registry: SRV records, or A and AAAA records with a configured port. The registry is read-only.
 *
 * ```ts
 * PilotedModule.forRoot({ registry: dns({ domain: 'example.org' }) });
 * ```
 *
 * @throws InvalidOptionError when an option is not as {@link DnsOptions} describes it
 */
export function dns(options: DnsOptions = {}): RegistrySource {
  const settings = readDnsOptions(options);
  const url = `dns:${settings.domain}`;
  return {
    identity: `dns:${JSON.stringify(settings)}`,
    url,
    open: async ({ clock, logger }) => {
      const { DnsRegistry } = await import('./dns-registry.js');
      const { CompleteResolver } = await import('./resolver.js');
      return new DnsRegistry(url, settings, new CompleteResolver(settings.servers, clock, logger), clock);
    },
  };
}
