import { isIP } from 'node:net';
import { splitHostPort, isHost } from '../../common/address.js';
import { type ConsulDescription, type ConsulTls } from '../config.js';
import { type Cursor } from '../cursor.js';
import { type Env } from '../template/render.js';

const DEFAULT_HOST = 'consul';
const DEFAULT_PORT = 8_500;
const STANDARD_PORTS = { http: 80, https: 443 } as const;

const ADDRESS = 'the address of a Consul agent, such as "localhost:8500" or "https://consul:8501"';

interface Address {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Parses `host`, `host:port` or a URL. The default port of a URL is that of its scheme. */
function parseAddress(text: string): Address | undefined {
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?([^/?#]*)\/*$/i.exec(text) ?? [];
  const standard =
    scheme === undefined ? DEFAULT_PORT : STANDARD_PORTS[scheme.toLowerCase() as 'http' | 'https'];
  const bare = rest.replace(/^\[(.*)\]$/, '$1');
  const parts = isHost(bare) ? { host: bare, port: standard } : splitHostPort(rest);
  return parts && { ...parts, secure: scheme?.toLowerCase() === 'https' };
}

/** The values of `consul` in the file. Variables of the environment override them. */
interface Given extends Partial<Address> {
  readonly token?: string | undefined;
  readonly tls?: Partial<Record<keyof ConsulTls, string | boolean | undefined>>;
}

function fromObject(consul: Cursor): Given | undefined {
  const members = consul.members(['address', 'scheme', 'token', 'tls']);
  const given = members?.get('address');
  const address = given ? parseAddress(given.string() ?? '') : undefined;
  if (!members || !given || !address)
    return given
      ? given.expected(ADDRESS)
      : consul.problem(`Expected \`${consul.path}.address\` to be ${ADDRESS}, got nothing.`);
  const scheme = members.get('scheme');
  const named = scheme?.string()?.toLowerCase();
  if (scheme && named !== 'http' && named !== 'https') return scheme.expected('"http" or "https"');
  const tls = members
    .get('tls')
    ?.members(['cafile', 'capath', 'clientcert', 'clientkey', 'servername', 'verify']);
  const secure = named === undefined ? address.secure : named === 'https';
  if (tls && !secure) members.get('tls')?.warn('`consul.tls` is ignored, because the scheme is not "https".');
  return {
    ...address,
    secure,
    token: members.get('token')?.string(),
    tls: {
      caFile: tls?.get('cafile')?.string(),
      caPath: tls?.get('capath')?.string(),
      certFile: tls?.get('clientcert')?.string(),
      keyFile: tls?.get('clientkey')?.string(),
      serverName: tls?.get('servername')?.string(),
      verify: tls?.get('verify')?.boolean(),
    },
  };
}

/** The value of a variable, or undefined if it is unset or empty. */
function setting(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

function fromEnvironment(env: Env): Address | string {
  const host = setting(env, 'CONSUL_HOST') ?? DEFAULT_HOST;
  const port = setting(env, 'CONSUL_PORT') ?? String(DEFAULT_PORT);
  const server = isIP(host) === 6 ? `[${host}]` : host;
  return (
    parseAddress(/:\d+$/.test(server) ? server : `${server}:${port}`) ??
    'Expected CONSUL_HOST and CONSUL_PORT to be the address of a Consul agent, because `consul` is not set.'
  );
}

function verified(env: Env, given: boolean | undefined): boolean {
  const override = (setting(env, 'CONSUL_HTTP_SSL_VERIFY') ?? '').toLowerCase();
  if (['1', 'true'].includes(override)) return true;
  if (['0', 'false'].includes(override)) return false;
  return given ?? true;
}

/** Removes the undefined and empty values. */
function withoutEmpty<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== ''),
  ) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/**
 * Reads `consul`: an address, a URL, or an object with token and TLS. The variables `CONSUL_HTTP_TOKEN`, `CONSUL_CACERT`,
 * `CONSUL_CAPATH`, `CONSUL_CLIENT_CERT`, `CONSUL_CLIENT_KEY`, `CONSUL_TLS_SERVER_NAME` and `CONSUL_HTTP_SSL_VERIFY`
 * override it. Without `consul` the agent is at `CONSUL_HOST` (default `consul`) and `CONSUL_PORT` (default 8500).
 */
export function readConsul(
  consul: Cursor | undefined,
  env: Env,
  fail: (reason: string) => void,
): ConsulDescription | undefined {
  let given: Given | undefined;
  if (!consul) {
    const address = fromEnvironment(env);
    if (typeof address === 'string') fail(address);
    else given = address;
  } else if (consul.node.kind === 'object') given = fromObject(consul);
  else
    given = parseAddress(consul.node.kind === 'string' ? consul.node.value : '') ?? consul.expected(ADDRESS);
  if (given?.host === undefined || given.port === undefined) return undefined;
  const { host, port, secure = false, tls } = given;
  return {
    kind: 'consul',
    host,
    port,
    secure,
    ...withoutEmpty({ token: setting(env, 'CONSUL_HTTP_TOKEN') ?? given.token }),
    tls: {
      ...(withoutEmpty({
        caFile: setting(env, 'CONSUL_CACERT') ?? tls?.caFile,
        caPath: setting(env, 'CONSUL_CAPATH') ?? tls?.caPath,
        certFile: setting(env, 'CONSUL_CLIENT_CERT') ?? tls?.certFile,
        keyFile: setting(env, 'CONSUL_CLIENT_KEY') ?? tls?.keyFile,
        serverName: setting(env, 'CONSUL_TLS_SERVER_NAME') ?? tls?.serverName,
      }) as Omit<ConsulTls, 'verify'>),
      verify: verified(env, tls?.verify as boolean | undefined),
    },
  };
}
