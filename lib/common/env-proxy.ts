import { BlockList, isIP, isIPv4 } from 'node:net';
import { joinHostPort } from './address.js';

/** An HTTP proxy that the environment names. */
export interface EnvProxy {
  readonly host: string;
  readonly port: number;
  /** `user:password`, where the variable holds them: never printed. */
  readonly credentials: string | undefined;
  /** For messages: `the proxy http://10.0.0.9:3128 of the variable http_proxy`. */
  readonly label: string;
}

/** Which variables are read, the first that is set counts. */
export interface ProxyVariables {
  /** Those that name the proxy. */
  readonly proxy: readonly string[];
  /** Those that list, separated by commas, the hosts that are reached directly. */
  readonly direct: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = 80;

function firstOf(names: readonly string[], env: Environment): { name: string; value: string } | undefined {
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && value !== '') return { name, value };
  }
  return undefined;
}

function isInNetwork(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  if (!isIPv4(address) || !isIPv4(base) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(bits));
  return list.check(address);
}

/** Whether an entry of `no_proxy` stands for a host: `*`, an address, a network, or a domain with all below it. */
function covers(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry === host || entry === joinHostPort(host, port) || isInNetwork(host, entry)) return true;
  if (isIP(host) !== 0) return false;
  const domain = entry.replace(/^\*?\./, '').toLowerCase();
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

/**
 * The proxy by which the environment wants `host` to be reached; undefined for none, and for a variable that holds no
 * `http://` URL.
 */
export function envProxy(
  { proxy, direct }: ProxyVariables,
  { host, port }: { readonly host: string; readonly port: number },
  env: Environment = process.env,
): EnvProxy | undefined {
  const set = firstOf(proxy, env);
  if (!set || !URL.canParse(set.value)) return undefined;
  const url = new URL(set.value);
  if (url.protocol !== 'http:') return undefined;
  const exempt = (firstOf(direct, env)?.value ?? '').split(',').map((entry) => entry.trim());
  if (exempt.some((entry) => covers(entry, host.toLowerCase(), port))) return undefined;
  const proxyHost = url.hostname.replace(/^\[|\]$/g, '');
  const proxyPort = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const credentials = url.username === '' ? undefined : decodeURIComponent(`${url.username}:${url.password}`);
  const label = `the proxy http://${joinHostPort(proxyHost, proxyPort)} of the variable ${set.name}`;
  return { host: proxyHost, port: proxyPort, credentials, label };
}
