import { expected } from '../../common/expected.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { dns } from './dns.js';
import { type DnsOptions } from './options.js';

const FORM =
  '`dns:domain` with no options but `port`, `server` (a comma-separated list), `interval` and `protocol`, each once';

/** Text that is no number stays as it is, for the check of the options to show it. */
const number = (value: string): number =>
  /^\d+(\.\d+)?$/.test(value) ? Number(value) : (value as unknown as number);

/** What each option of the URL sets. */
const OPTIONS: ReadonlyMap<string, (value: string) => DnsOptions> = new Map([
  ['port', (value: string): DnsOptions => ({ port: number(value) })],
  ['server', (value: string): DnsOptions => ({ servers: value.split(',') })],
  ['interval', (value: string): DnsOptions => ({ interval: number(value) })],
  ['protocol', (value: string): DnsOptions => ({ protocol: value as 'tcp' | 'udp' })],
]);

/**
 * The source behind `dns:`, `dns:example.org` or `dns:example.org?port=80&server=10.0.0.53:8600&interval=10`.
 *
 * @throws InvalidOptionError when the domain, an option or its value is not what it should be
 */
export function dnsFromUrl(url: string): RegistrySource {
  const [, domain = '', query = ''] = /^dns:([^?#]*)(?:\?([^#]*))?$/.exec(url) ?? [];
  if (!url.startsWith(`dns:${domain}`) || url.includes('#') || domain.startsWith('/'))
    throw expected('registry', FORM, url);
  let options: DnsOptions = domain === '' ? {} : { domain };
  const given = new URLSearchParams(query);
  for (const [name, value] of given) {
    const set = OPTIONS.get(name);
    if (!set || given.getAll(name).length > 1) throw expected('registry', FORM, url);
    options = { ...options, ...set(value) };
  }
  return dns(options);
}
