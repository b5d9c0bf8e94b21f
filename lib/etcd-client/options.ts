import { expected } from '../common/expected.js';
import { isSecure, parseEndpoints } from './endpoint.js';

/**
 * How the client proves its identity and checks the servers'. PEM as text, bytes, or the path of its file, which is read
 * again when a connection is made anew, so that certificates can be replaced while it runs.
 */
export interface EtcdTlsOptions {
  /** Who may have signed the servers' certificates; the system's authorities unless given. */
  readonly ca?: string | Buffer;
  /** The client's certificate chain, for servers that ask for one; `key` goes with it. */
  readonly cert?: string | Buffer;
  /** The private key of `cert`. */
  readonly key?: string | Buffer;
  /** The name to expect in the servers' certificates, where it is not the endpoint's host. */
  readonly serverName?: string;
}

/** Where a client goes first. */
export type SelectionMode = 'random' | 'prioritize-leader';

/** Options of the etcd client. */
export interface EtcdOptions {
  /** `http://…` or `https://…` URLs, or host:port; a text may hold several, separated by commas. */
  readonly endpoints: string | readonly string[];
  readonly username?: string;
  readonly password?: string;
  /** Given, a bare host:port is https. */
  readonly tls?: EtcdTlsOptions;
  /**
   * Seconds that one endpoint may take to answer before the next is tried. At most 60.
   *
   * @default 1.5
   */
  readonly headerTimeoutPerRequest?: number;
  /**
   * `random` spreads clients over the members. `prioritize-leader` pins the leader: a client does so at each `sync`, a
   * registry when it is opened and every 30 s.
   *
   * @default 'random'
   */
  readonly selectionMode?: SelectionMode;
  /**
   * `env`: servers are reached through the HTTP proxy that `grpc_proxy`, `https_proxy` or `http_proxy` names, except for
   * the hosts of `no_grpc_proxy` or `no_proxy`. Otherwise these variables are ignored.
   */
  readonly proxy?: 'env';
  /** Says each request as the `etcdctl` command that would do the same, secrets masked, to the logger. */
  readonly debug?: boolean;
}

/** What is left out is taken from here. */
export const ETCD_DEFAULTS: Readonly<{
  headerTimeoutPerRequest: number;
  selectionMode: SelectionMode;
}> = Object.freeze({
  headerTimeoutPerRequest: 1.5,
  selectionMode: 'random',
});

/** The longest `headerTimeoutPerRequest`. A value beyond it was meant as milliseconds. */
const MAX_TIMEOUT_S = 60;

/** Checked options, complete. Holds secrets: never printed. */
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
 * Checks what a caller gave and fills in the defaults. Connects to nothing.
 *
 * @throws InvalidOptionError in one sentence that names the option; secrets are not printed
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
    timeoutMs: headerTimeoutPerRequest * 1_000,
    selectionMode,
    proxy,
    debug,
  };
}

/**
 * Endpoints as URLs.
 *
 * @param secure `tls` is given: a bare host:port is https, and none may be anything else
 * @throws InvalidOptionError, NoEtcdEndpointsError
 */
export function checkEndpoints(endpoints: string | readonly string[], secure: boolean): readonly string[] {
  const list = parseEndpoints(endpoints, secure ? 'https' : 'http');
  const plain = list.find((endpoint) => !isSecure(endpoint));
  if (secure && plain !== undefined)
    throw expected('endpoints', 'https:// URLs, since `tls` is given', plain);
  return list;
}

/**
 * Checks a duration: a number above 0 and at most `max`, in seconds.
 *
 * @throws InvalidOptionError that names the unit
 */
export function checkSeconds(name: string, seconds: unknown, max: number): void {
  if (typeof seconds === 'number' && seconds > 0 && seconds <= max) return;
  throw expected(name, `a number of seconds, above 0 and at most ${max}`, seconds);
}

function refuseUnknown(prefix: string, known: readonly string[], given: object): void {
  const name = Object.keys(given).find((key) => !known.includes(key));
  if (name === undefined) return;
  throw expected(`${prefix}${name}`, `left out: the options are ${known.join(', ')}`, 'it');
}

function checkCredentials({ username, password }: EtcdOptions): EtcdSettings['credentials'] {
  if (username === undefined && password === undefined) return undefined;
  if (typeof username !== 'string' || username === '') {
    throw expected('username', 'a text that is not empty, since a password is given', username);
  }
  if (typeof password !== 'string' || password === '') {
    throw expected('password', 'a text that is not empty, since a username is given', typeof password);
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
      throw expected(`tls.${name}`, 'PEM text, bytes or a path', typeof value);
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
    throw expected('tls.serverName', 'a text that is not empty', tls.serverName);
  }
  return tls;
}
