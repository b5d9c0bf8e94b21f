import { isIP } from 'node:net';
import { joinHostPort } from './address.js';
import { parseCidr } from './ip.js';

/** An HTTP proxy from an environment variable. */
export interface EnvProxy {
  readonly host: string;
  readonly port: number;
  /** `user:password`, if the variable holds them. Never printed. */
  readonly credentials: string | undefined;
  /** The proxy in messages: `the proxy http://10.0.0.9:3128 of the variable http_proxy`. */
  readonly label: string;
}

/** The environment variables to read. The first one that is set is used. */
export interface ProxyVariables {
  /** Variables with the URL of the proxy. */
  readonly proxy: readonly string[];
  /** Variables with a comma-separated list of hosts that are connected to directly. */
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

/** Decodes percent escapes. A `%` that begins none stands for itself, as in curl: `100%` is a password. */
function decoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString(),
  );
}

/** Whether an entry of `no_proxy` matches a host. An entry is `*`, an address, a CIDR, or a domain with its subdomains. */
function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry === host || entry === joinHostPort(host, port)) return true;
  if (isIP(host) !== 0) return parseCidr(entry)?.(host) ?? false;
  const domain = entry.replace(/^\*?\./, '').toLowerCase();
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

/**
 * Finds the proxy for `host` in the environment. Returns undefined if there is none, if `host` is exempt, or if the
 * variable holds no `http://` URL.
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
  if (exempt.some((entry) => matches(entry, host.toLowerCase(), port))) return undefined;
  const proxyHost = url.hostname.replace(/^\[|\]$/g, '');
  const proxyPort = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const credentials = url.username === '' ? undefined : decoded(`${url.username}:${url.password}`);
  const label = `the proxy http://${joinHostPort(proxyHost, proxyPort)} of the variable ${set.name}`;
  return { host: proxyHost, port: proxyPort, credentials, label };
}
