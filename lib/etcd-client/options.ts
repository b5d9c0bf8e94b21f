import { expected } from '../common/expected.js';
import { isSecure, parseEndpoints } from './endpoint.js';

/**
 * TLS options. PEM is given as a string, as bytes, or as the path of a file. Changed files are read again when a connection
 * is made, so that certificates can be replaced while the client runs.
 */
export interface EtcdTlsOptions {
  /**
   * The certificate authorities that may have signed the servers' certificates.
   *
   * @default the authorities of Node.js
   */
  readonly ca?: string | Buffer;
  /** The client's certificate chain, for servers that require one. Needs `key`. */
  readonly cert?: string | Buffer;
  /** The private key of `cert`. */
  readonly key?: string | Buffer;
  /**
   * The name to expect in the servers' certificates.
   *
   * @default the host of the endpoint
   */
  readonly serverName?: string;
}

/** Which endpoint a client tries first; see {@link EtcdOptions.selectionMode}. */
export type SelectionMode = 'random' | 'prioritize-leader';

/** Options of the etcd client. */
export interface EtcdOptions {
  /** `http://` or `https://` URLs, or host:port. A string may contain several, separated by commas. */
  readonly endpoints: string | readonly string[];
  /** The user to log in as, once authentication is enabled. The token is renewed when it expires. Needs `password`. */
  readonly username?: string;
  /** The password of `username`. */
  readonly password?: string;
  /** Enables TLS: a bare host:port means `https://`, and `http://` URLs are refused. */
  readonly tls?: EtcdTlsOptions;
  /**
   * Seconds that one endpoint may take to answer before the next is tried. At most 60.
   *
   * @default 1.5
   */
  readonly headerTimeoutPerRequest?: number;
  /**
   * `random` spreads clients over the members. `prioritize-leader` pins the leader: a client at each `sync`, a registry
   * when it is opened and every 30 s.
   *
   * @default 'random'
   */
  readonly selectionMode?: SelectionMode;
  /**
   * `env` connects through the HTTP proxy that `grpc_proxy`, `https_proxy` or `http_proxy` names, except to the hosts of
   * `no_grpc_proxy` or `no_proxy`.
   *
   * @default the environment is ignored
   */
  readonly proxy?: 'env';
  /**
   * Whether each request is logged as the equivalent `etcdctl` command, secrets masked.
   *
   * @default false
   */
  readonly debug?: boolean;
}

/** The defaults of {@link EtcdOptions}. */
export const ETCD_DEFAULTS: Readonly<{
  headerTimeoutPerRequest: number;
  selectionMode: SelectionMode;
}> = Object.freeze({
  headerTimeoutPerRequest: 1.5,
  selectionMode: 'random',
});

/** The longest `headerTimeoutPerRequest`. A longer one is most likely meant as milliseconds. */
const MAX_TIMEOUT_S = 60;

/** Checked options with defaults. Contains secrets, so it must never be printed. */
export interface EtcdSettings {
  readonly endpoints: readonly string[];
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly tls: EtcdTlsOptions | undefined;
  readonly timeoutMs: number;
  readonly selectionMode: SelectionMode;
  readonly proxy: 'env' | undefined;
  readonly debug: boolean;
}

const KNOWN: readonly (keyof EtcdOptions)[] = [
  'endpoints',
  'username',
  'password',
  'tls',
  'headerTimeoutPerRequest',
  'selectionMode',
  'proxy',
  'debug',
];

const KNOWN_TLS: readonly (keyof EtcdTlsOptions)[] = ['ca', 'cert', 'key', 'serverName'];

/**
 * Checks options and adds the defaults. Does not connect.
 *
 * @throws InvalidOptionError that names the option; secrets are masked
 * @throws NoEtcdEndpointsError when no endpoint is given
 */
export function checkEtcdOptions(options: EtcdOptions): EtcdSettings {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw expected('options', 'an object with `endpoints`', options);
  }
  refuseUnknown('', KNOWN, options);
  const {
    headerTimeoutPerRequest = ETCD_DEFAULTS.headerTimeoutPerRequest,
    selectionMode = ETCD_DEFAULTS.selectionMode,
    debug = false,
    proxy,
  } = options;
  checkSeconds('headerTimeoutPerRequest', headerTimeoutPerRequest, MAX_TIMEOUT_S);
  if (!['random', 'prioritize-leader'].includes(selectionMode)) {
    throw expected('selectionMode', '"random" or "prioritize-leader"', selectionMode);
  }
  if (proxy !== undefined && (proxy as unknown) !== 'env')
    throw expected('proxy', '"env" or left out', proxy);
  if (typeof debug !== 'boolean') throw expected('debug', 'true or false', debug);
  const tls = checkTls(options.tls);
  const endpoints = checkEndpoints(options.endpoints, tls !== undefined);
  return {
    endpoints,
    credentials: checkCredentials(options),
    tls,
    timeoutMs: Math.max(1, Math.round(headerTimeoutPerRequest * 1_000)),
    selectionMode,
    proxy,
    debug,
  };
}

/**
 * Parses endpoints to URLs.
 *
 * @param secure whether `tls` is given: a bare host:port means `https://`, and `http://` is refused
 * @throws InvalidOptionError when an endpoint is malformed
 * @throws NoEtcdEndpointsError when the list is empty
 */
export function checkEndpoints(endpoints: string | readonly string[], secure: boolean): readonly string[] {
  const list = parseEndpoints(endpoints, secure ? 'https' : 'http');
  const plain = list.find((endpoint) => !isSecure(endpoint));
  if (secure && plain !== undefined)
    throw expected('endpoints', 'https:// URLs, since `tls` is given', plain);
  return list;
}

/**
 * Checks a duration: greater than 0 and at most `max` seconds.
 *
 * @throws InvalidOptionError that names the unit
 */
export function checkSeconds(name: string, seconds: unknown, max: number): void {
  if (typeof seconds === 'number' && seconds > 0 && seconds <= max) return;
  throw expected(name, `a number of seconds, greater than 0 and at most ${max}`, seconds);
}

function refuseUnknown(prefix: string, known: readonly string[], given: object): void {
  const name = Object.keys(given).find((key) => !known.includes(key));
  if (name === undefined) return;
  throw expected(`${prefix}${name}`, `left out: the options are ${known.join(', ')}`, 'it');
}

function checkCredentials({ username, password }: EtcdOptions): EtcdSettings['credentials'] {
  if (username === undefined && password === undefined) return undefined;
  if (typeof username !== 'string' || username === '') {
    throw expected('username', 'a non-empty string, since a password is given', username);
  }
  if (typeof password !== 'string' || password === '') {
    throw expected('password', 'a non-empty string, since a username is given', typeof password);
  }
  return { username, password };
}

function checkTls(tls: EtcdTlsOptions | undefined): EtcdTlsOptions | undefined {
  if (tls === undefined) return undefined;
  if (typeof tls !== 'object' || (tls as unknown) === null) {
    throw expected('tls', 'an object of ca, cert, key and serverName', typeof tls);
  }
  refuseUnknown('tls.', KNOWN_TLS, tls);
  for (const name of ['ca', 'cert', 'key'] as const) {
    const value: unknown = tls[name];
    if (value !== undefined && !Buffer.isBuffer(value) && (typeof value !== 'string' || value === '')) {
      throw expected(`tls.${name}`, 'PEM as a string or a Buffer, or a path', typeof value);
    }
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw expected(
      'tls',
      'given with both `cert` and `key`, or neither',
      tls.cert === undefined ? 'key' : 'cert',
    );
  }
  if (tls.serverName !== undefined && (typeof tls.serverName !== 'string' || tls.serverName === '')) {
    throw expected('tls.serverName', 'a non-empty string', tls.serverName);
  }
  return tls;
}
