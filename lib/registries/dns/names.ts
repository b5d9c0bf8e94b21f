import { RegistryRefusedError } from '../../common/errors/index.js';

/** The DNS names of a service. */
export interface DnsNames {
  /** Names of SRV records, in the order in which they are tried. */
  readonly srv: readonly string[];
  /** Name of A and AAAA records. */
  readonly host: string;
}

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Whether `name` is a DNS name: labels of letters, digits, hyphens and underscores, at most 253 characters. */
export function isDnsName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name.length <= 253 &&
    name
      .replace(/\.$/, '')
      .split('.')
      .every((label) => LABEL.test(label))
  );
}

/**
 * The names to look up for `service`: `_web._tcp.example.org` and `web.example.org` with a domain, `web` without one.
 *
 * @throws RegistryRefusedError when the service's name is not a valid DNS name
 */
export function namesOf(
  service: string,
  { domain, protocol }: { readonly domain: string; readonly protocol: string },
): DnsNames {
  const host = domain === '' ? service : `${service}.${domain}`;
  if (!isDnsName(host))
    throw new RegistryRefusedError(
      `Service ${JSON.stringify(service)} cannot be looked up in the DNS: expected a name of letters, digits, hyphens and dots, at most 253 characters with its domain.`,
    );
  const underscored = domain === '' || service.startsWith('_') ? [] : [`_${service}._${protocol}.${domain}`];
  return { srv: [...underscored.filter(isDnsName), host], host };
}
