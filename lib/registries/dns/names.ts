import { RegistryRefusedError } from '../../common/errors/index.js';

/** Where a service may be in the DNS, in the order it is looked for. */
export interface DnsNames {
  readonly srv: readonly string[];
  readonly host: string;
}

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Whether `name` can be asked for: labels of letters, digits, hyphens and underscores, 253 characters at most. */
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
 * The names to ask for `service`: `_web._tcp.example.org` and `web.example.org` with a domain, `web` itself without.
 *
 * @throws RegistryRefusedError when no such name can exist
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
