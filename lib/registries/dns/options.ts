import { isIP } from 'node:net';
import { isPort, splitHostPort } from '../../common/address.js';
import { checkObject, expected } from '../../common/expected.js';
import { isDnsName } from './names.js';

/** How services are looked up in the DNS. */
export interface DnsOptions {
  /** What follows the names of services: with `example.org`, service `web` is at `_web._tcp.example.org`. */
  readonly domain?: string;
  /** The transport in SRV names, `_web._tcp…`; `tcp` unless given. */
  readonly protocol?: 'tcp' | 'udp';
  /** Port of the addresses of a service without SRV records. Without it, such a service has no instances. */
  readonly port?: number;
  /** Name servers, `10.0.0.53` or `10.0.0.53:8600`; those of the machine unless given. */
  readonly servers?: readonly string[];
  /** Seconds between two lookups at most, from 1 to 3600; sooner where addresses live shorter. 5 unless given. */
  readonly interval?: number;
}

/** {@link DnsOptions} with every default filled in. */
export interface DnsSettings {
  readonly domain: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number | undefined;
  readonly servers: readonly string[];
  readonly interval: number;
}

const isServer = (server: unknown): boolean =>
  typeof server === 'string' && (isIP(server) !== 0 || isIP(splitHostPort(server)?.host ?? '') !== 0);

const isServerList = (servers: unknown): boolean => Array.isArray(servers) && servers.every(isServer);

/**
 * Checks and completes the options.
 *
 * @throws InvalidOptionError with the first that is not what it should be
 */
export function readDnsOptions(options: DnsOptions): DnsSettings {
  checkObject('dns', options);
  const { domain = '', protocol = 'tcp', port, servers = [], interval = 5 } = options;
  if (domain !== '' && !isDnsName(domain)) throw expected('dns.domain', 'a domain name', domain);
  if (!['tcp', 'udp'].includes(protocol)) throw expected('dns.protocol', '`tcp` or `udp`', protocol);
  if (port !== undefined && !isPort(port)) throw expected('dns.port', 'a whole number from 1 to 65535', port);
  if (!isServerList(servers))
    throw expected('dns.servers', 'a list of IP addresses, each with a port or without', servers);
  if (typeof interval !== 'number' || !(interval >= 1 && interval <= 3_600))
    throw expected('dns.interval', 'a number of seconds from 1 to 3600', interval);
  return Object.freeze({
    domain: domain.replace(/\.$/, ''),
    protocol,
    port,
    servers: [...servers],
    interval,
  });
}
