import { isHost, isPort, joinHostPort } from '../../common/address.js';
import { type EnvProxy, envProxy } from '../../common/env-proxy.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { checkObject, expected } from '../../common/expected.js';
import { withoutUndefined } from '../../common/without-undefined.js';

/** How the connection to Consul is secured. */
export interface ConsulTlsOptions {
  /**
   * Trusted certificates: PEM text, or the path of a PEM file or of a folder of them.
   *
   * @default the system's certificates
   */
  readonly ca?: string;
  /** The client's certificate: PEM text, or the path of a PEM file. Requires `key`. */
  readonly cert?: string;
  /** The client's private key: PEM text, or the path of a PEM file. Requires `cert`. */
  readonly key?: string;
  /**
   * The name that the server's certificate must have.
   *
   * @default the host
   */
  readonly serverName?: string;
  /**
   * Whether the server's certificate is verified.
   *
   * @default true
   */
  readonly verify?: boolean;
}

/** Status of an instance between its registration and its first renewal. */
export type ConsulInitialStatus = 'passing' | 'warning' | 'critical';

/** How a Consul agent is reached, and how instances are registered with it. */
export interface ConsulOptions {
  /**
   * Hostname or IP address of the agent.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * Port of the agent.
   *
   * @default 8500, or 8501 with TLS
   */
  readonly port?: number;
  /**
   * Whether the agent is reached over HTTPS.
   *
   * @default true when `tls` is given, otherwise false
   */
  readonly secure?: boolean;
  /** Certificates, and how the agent's is verified. */
  readonly tls?: ConsulTlsOptions;
  /** The ACL token. Excludes `tokenFile`. */
  readonly token?: string;
  /**
   * Path of a file with the ACL token. The file is read again when it changes and at the first refusal. Excludes `token`.
   */
  readonly tokenFile?: string;
  /**
   * The datacenter of keys and of the services that are read. Instances are registered in the agent's own datacenter.
   *
   * @default the agent's own datacenter
   */
  readonly dc?: string;
  /**
   * `env` reaches the agent through the HTTP proxy of the variable `http_proxy`, or `https_proxy` with TLS, unless the
   * agent is one of the hosts of `no_proxy`. Upper-case variable names count too.
   *
   * @default undefined: the variables are ignored
   */
  readonly proxy?: 'env';
  /**
   * Seconds that one request may take, at most 60; fractions are allowed. Watches have deadlines of their own. If the
   * option is given, a renewal may take as long, up to a third of the TTL.
   *
   * @default 3
   */
  readonly timeout?: number;
  /**
   * Seconds after which Consul deregisters an instance that is no longer renewed: 0 for never, otherwise at least 60,
   * which is Consul's minimum. Lists leave the instance out as soon as its TTL has passed; this option only cleans up.
   *
   * @default 60
   */
  readonly deregisterAfter?: number;
  /**
   * Whether tags that other clients change in the catalogue are preserved.
   *
   * @default false
   */
  readonly enableTagOverride?: boolean;
  /**
   * Status of a new instance. With `warning` or `critical`, lists contain the instance from its first renewal on.
   *
   * @default 'passing'
   */
  readonly initialStatus?: ConsulInitialStatus;
}

/** {@link ConsulOptions} after the checks, with defaults filled in. */
export interface ConsulSettings extends Omit<ConsulOptions, 'timeout'> {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly tls: ConsulTlsOptions;
  readonly timeoutMs: number;
  /** The timeout that the user gave; undefined when the default applies. */
  readonly givenTimeoutMs?: number;
  readonly deregisterAfter: number;
  readonly enableTagOverride: boolean;
  readonly initialStatus: ConsulInitialStatus;
}

const DEFAULTS = Object.freeze({
  host: '127.0.0.1',
  timeoutMs: 3_000,
  deregisterAfter: 60,
  enableTagOverride: false,
  initialStatus: 'passing',
} satisfies Partial<ConsulSettings>);

const PLAIN_PORT = 8500;
const TLS_PORT = 8501;
const MIN_DEREGISTER_AFTER_SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 60;

const isString = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && value.isWellFormed();
const isFlag = (value: unknown): boolean => typeof value === 'boolean';

interface Rule {
  readonly what: string;
  readonly accepts: (value: unknown) => boolean;
  /** Keeps the value out of error messages. */
  readonly secret?: true;
}

const RULES: Readonly<Record<keyof ConsulOptions, Rule>> = {
  host: { what: 'a hostname or an IP address', accepts: isHost },
  port: { what: 'a port from 1 to 65535', accepts: isPort },
  secure: { what: 'true or false', accepts: isFlag },
  tls: { what: 'an object', accepts: (value) => typeof value === 'object' && value !== null },
  // The token is sent in a header, which cannot carry control characters. Consul sets no other limit.
  token: {
    what: 'a string of visible ASCII characters',
    accepts: (value) => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value),
    secret: true,
  },
  tokenFile: { what: 'the path of a file', accepts: isString },
  dc: { what: 'the name of a datacenter', accepts: isString },
  proxy: { what: '"env" or left out', accepts: (value) => value === 'env' },
  timeout: {
    what: `a number of seconds, greater than 0 and at most ${MAX_TIMEOUT_SECONDS}`,
    accepts: (value) => typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT_SECONDS,
  },
  deregisterAfter: {
    what: `an integer of seconds, 0 or at least ${MIN_DEREGISTER_AFTER_SECONDS}`,
    accepts: (value) =>
      Number.isInteger(value) && (value === 0 || (value as number) >= MIN_DEREGISTER_AFTER_SECONDS),
  },
  enableTagOverride: { what: 'true or false', accepts: isFlag },
  initialStatus: {
    what: '"passing", "warning" or "critical"',
    accepts: (value) => ['passing', 'warning', 'critical'].includes(value as string),
  },
};

const TLS_RULES: Readonly<Record<keyof ConsulTlsOptions, Rule>> = {
  ca: { what: 'PEM text or a path', accepts: isString },
  cert: { what: 'PEM text or a path', accepts: isString },
  key: { what: 'PEM text or a path', accepts: isString, secret: true },
  serverName: { what: 'a hostname', accepts: isHost },
  verify: { what: 'true or false', accepts: isFlag },
};

function check(prefix: string, rules: Readonly<Record<string, Rule>>, options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      throw new InvalidOptionError(
        `Expected the options of consul to be among ${Object.keys(rules).join(', ')}, got \`${prefix}${name}\`.`,
      );
    }
    if (value !== undefined && !rule.accepts(value))
      throw expected(`${prefix}${name}`, rule.what, rule.secret ? '(a secret)' : value);
  }
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionError when an option is unknown, has an invalid value, or contradicts another option
 */
export function consulSettings(options: ConsulOptions): ConsulSettings {
  checkObject('consul', options);
  check('', RULES, options);
  const tls = withoutUndefined(options.tls ?? {});
  check('tls.', TLS_RULES, tls);
  const secure = options.secure ?? options.tls !== undefined;
  if (!secure && Object.keys(tls).length > 0)
    throw expected('tls', 'left out when `secure` is false', 'given');
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw expected('tls', '`cert` and `key` together', tls.cert === undefined ? 'key alone' : 'cert alone');
  if (options.token !== undefined && options.tokenFile !== undefined)
    throw expected('token', 'given either as `token` or as `tokenFile`', 'both');
  const { timeout, ...others } = options;
  const timeoutMs = timeout === undefined ? undefined : timeout * 1_000;
  return {
    ...DEFAULTS,
    port: secure ? TLS_PORT : PLAIN_PORT,
    ...withoutUndefined(others),
    ...(timeoutMs === undefined ? {} : { timeoutMs, givenTimeoutMs: timeoutMs }),
    secure,
    tls,
  };
}

/** The agent as `host:port`, for messages. */
export function endpointOf({ host, port }: Pick<ConsulSettings, 'host' | 'port'>): string {
  return joinHostPort(host, port);
}

/** The proxy of the environment through which the agent is reached; undefined without the option `proxy`. */
export function proxyOf({ proxy, secure, host, port }: ConsulSettings): EnvProxy | undefined {
  if (proxy === undefined) return undefined;
  const names = secure ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  return envProxy({ proxy: names, direct: ['no_proxy', 'NO_PROXY'] }, { host, port });
}

/** The agent's URL without secrets, for messages. */
export function consulUrl(settings: ConsulSettings): string {
  const dc = settings.dc === undefined ? '' : `?dc=${encodeURIComponent(settings.dc)}`;
  return `${settings.secure ? 'consuls' : 'consul'}://${endpointOf(settings)}${dc}`;
}
