import { expected } from '../../common/expected.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { dns } from './dns.js';
import { type DnsOptions } from './options.js';

const FORM =
  '`dns:domain` with only the options `port`, `server` (a comma-separated list), `interval` and `protocol`, each once';

/** Parses a number. Any other string is returned unchanged, so that the check of the options reports it. */
const number = (value: string): number =>
  /^\d+(\.\d+)?$/.test(value) ? Number(value) : (value as unknown as number);

/** The option that each parameter of the URL sets. */
const OPTIONS: ReadonlyMap<string, (value: string) => DnsOptions> = new Map([
  ['port', (value: string): DnsOptions => ({ port: number(value) })],
  ['server', (value: string): DnsOptions => ({ servers: value.split(',') })],
  ['interval', (value: string): DnsOptions => ({ interval: number(value) })],
  ['protocol', (value: string): DnsOptions => ({ protocol: value as 'tcp' | 'udp' })],
]);

/**
 * Parses `dns:`, `dns:example.org` or `dns:example.org?port=80&server=10.0.0.53:8600&interval=10`.
 *
 * @throws InvalidOptionError when the URL has another form, or an option has an invalid value
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
