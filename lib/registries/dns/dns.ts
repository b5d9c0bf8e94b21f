import { type RegistrySource } from '../../registry/registry-source.js';
import { type DnsOptions, readDnsOptions } from './options.js';

/**
 * A registry that reads the DNS: SRV records, or A and AAAA records with a port of one's own. Nothing can be announced
 * in it.
 *
 * ```ts
 * PilotedModule.forRoot({ registry: dns({ domain: 'example.org' }) });
 * ```
 *
 * @throws InvalidOptionError when an option is not what it should be
 */
export function dns(options: DnsOptions = {}): RegistrySource {
  const settings = readDnsOptions(options);
  const url = `dns:${settings.domain}`;
  return {
    identity: `dns:${JSON.stringify(settings)}`,
    url,
    open: async ({ clock, logger }) => {
      const { DnsRegistry } = await import('./registry.js');
      const { CompleteResolver } = await import('./resolver.js');
      return new DnsRegistry(url, settings, new CompleteResolver(settings.servers, clock, logger), clock);
    },
  };
}
