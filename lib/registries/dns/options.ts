import { isIP } from 'node:net';
import { isPort, splitHostPort } from '../../common/address.js';
import { checkObject, expected } from '../../common/expected.js';
import { isDnsName } from './names.js';

/** How services are looked up in the DNS. */
export interface DnsOptions {
  /**
   * The domain of the services: with `example.org`, service `web` is at `_web._tcp.example.org`.
   *
   * @default '': service names are complete DNS names
   */
  readonly domain?: string;
  /**
   * The transport in SRV names, `_web._tcp…`.
   *
   * @default 'tcp'
   */
  readonly protocol?: 'tcp' | 'udp';
  /**
   * Port of the instances of a service without SRV records.
   *
   * @default undefined: such a service has no instances
   */
  readonly port?: number;
  /**
   * Name servers: `10.0.0.53` or `10.0.0.53:8600`.
   *
   * @default the machine's name servers
   */
  readonly servers?: readonly string[];
  /**
   * Seconds between two lookups of a watched service, from 1 to 3600. Addresses with a shorter TTL are looked up earlier.
   *
   * @default 5
   */
  readonly interval?: number;
}

/** {@link DnsOptions} after the checks, with defaults filled in. */
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
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionError when an option has an invalid value
 */
export function readDnsOptions(options: DnsOptions): DnsSettings {
  checkObject('dns', options);
  const { domain = '', protocol = 'tcp', port, servers = [], interval = 5 } = options;
  if (domain !== '' && !isDnsName(domain)) throw expected('dns.domain', 'a domain name', domain);
  if (!['tcp', 'udp'].includes(protocol)) throw expected('dns.protocol', '`tcp` or `udp`', protocol);
  if (port !== undefined && !isPort(port)) throw expected('dns.port', 'an integer from 1 to 65535', port);
  if (!isServerList(servers))
    throw expected('dns.servers', 'an array of IP addresses, each with or without a port', servers);
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
