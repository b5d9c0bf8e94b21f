import { isHost, isPort, joinHostPort } from '../../common/address.js';
import { type EnvProxy, envProxy } from '../../common/env-proxy.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { checkObject, expected } from '../../common/expected.js';

/** How the connection to Consul is secured. */
export interface ConsulTlsOptions {
  /** Certificates to trust instead of the system's: PEM text, or the path of a PEM file or of a folder of them. */
  readonly ca?: string;
  /** The client's certificate: PEM text, or the path of a PEM file. Needs `key`. */
  readonly cert?: string;
  /** The client's private key: PEM text, or the path of a PEM file. Needs `cert`. */
  readonly key?: string;
  /** The name that the server's certificate must bear; the host by default. */
  readonly serverName?: string;
  /** Whether the server's certificate is verified; true by default. */
  readonly verify?: boolean;
}

/** Status of an instance between its registration and its first renewal. */
export type ConsulInitialStatus = 'passing' | 'warning' | 'critical';

/** How a Consul agent is reached, and how instances are registered with it. */
export interface ConsulOptions {
  /** The agent; 127.0.0.1 by default. */
  readonly host?: string;
  /** 8500 by default, 8501 with TLS. */
  readonly port?: number;
  /** HTTPS; true when `tls` is given. */
  readonly secure?: boolean;
  readonly tls?: ConsulTlsOptions;
  /** The ACL token. */
  readonly token?: string;
  /** A file that holds the ACL token; read again when it changes. */
  readonly tokenFile?: string;
  /** The datacenter whose keys and services are read and whose keys are written; the agent's own by default. */
  readonly dc?: string;
  /**
   * `env`: the agent is reached through the HTTP proxy that `http_proxy` names, or `https_proxy` with TLS, unless it is one
   * of the hosts of `no_proxy` (upper-case names count too). Otherwise these variables are ignored.
   */
  readonly proxy?: 'env';
  /** Milliseconds one request may take; 3,000 by default. Watches have deadlines of their own. */
  readonly timeout?: number;
  /**
   * Seconds after which Consul drops an instance whose renewals have stopped, at least 60 (Consul's own floor); 60 by
   * default, 0 for never. Such an instance is out of every list as soon as its TTL has passed; this only tidies up.
   */
  readonly deregisterAfter?: number;
  /** Whether tags that others change in the catalogue are left as they are; false by default. */
  readonly enableTagOverride?: boolean;
  /** `passing` by default; with another one an instance is listed from its first renewal on. */
  readonly initialStatus?: ConsulInitialStatus;
}

/** {@link ConsulOptions} that were checked, with the defaults filled in. */
export interface ConsulSettings extends ConsulOptions {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly tls: ConsulTlsOptions;
  readonly timeout: number;
  /** The timeout as the user gave it; undefined where it is the default. */
  readonly givenTimeout?: number;
  readonly deregisterAfter: number;
  readonly enableTagOverride: boolean;
  readonly initialStatus: ConsulInitialStatus;
}

const DEFAULTS = Object.freeze({
  host: '127.0.0.1',
  timeout: 3_000,
  deregisterAfter: 60,
  enableTagOverride: false,
  initialStatus: 'passing',
} satisfies ConsulOptions);

const PLAIN_PORT = 8500;
const TLS_PORT = 8501;
const MIN_DEREGISTER_AFTER = 60;

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.isWellFormed();
const isFlag = (value: unknown): boolean => typeof value === 'boolean';

interface Rule {
  readonly what: string;
  readonly holds: (value: unknown) => boolean;
  /** The value is never shown. */
  readonly secret?: true;
}

const RULES: Readonly<Record<keyof ConsulOptions, Rule>> = {
  host: { what: 'a hostname or an IP address', holds: isHost },
  port: { what: 'a port from 1 to 65535', holds: isPort },
  secure: { what: 'true or false', holds: isFlag },
  tls: { what: 'an object', holds: (value) => typeof value === 'object' && value !== null },
  // A header cannot carry control characters; nothing else is known of a token's form.
  token: {
    what: 'a text of visible ASCII characters',
    holds: (value) => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value),
    secret: true,
  },
  tokenFile: { what: 'the path of a file', holds: isText },
  dc: { what: 'the name of a datacenter', holds: isText },
  proxy: { what: '"env" or left out', holds: (value) => value === 'env' },
  timeout: {
    what: 'a number of milliseconds greater than 0',
    holds: (value) => typeof value === 'number' && Number.isFinite(value) && value > 0,
  },
  deregisterAfter: {
    what: `a whole number of seconds, 0 or at least ${MIN_DEREGISTER_AFTER}`,
    holds: (value) => Number.isInteger(value) && (value === 0 || (value as number) >= MIN_DEREGISTER_AFTER),
  },
  enableTagOverride: { what: 'true or false', holds: isFlag },
  initialStatus: {
    what: '"passing", "warning" or "critical"',
    holds: (value) => ['passing', 'warning', 'critical'].includes(value as string),
  },
};

const TLS_RULES: Readonly<Record<keyof ConsulTlsOptions, Rule>> = {
  ca: { what: 'PEM text or a path', holds: isText },
  cert: { what: 'PEM text or a path', holds: isText },
  key: { what: 'PEM text or a path', holds: isText, secret: true },
  serverName: { what: 'a hostname', holds: isHost },
  verify: { what: 'true or false', holds: isFlag },
};

function check(prefix: string, rules: Readonly<Record<string, Rule>>, options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      throw new InvalidOptionError(
        `Expected the options of consul to be among ${Object.keys(rules).join(', ')}, got \`${prefix}${name}\`.`,
      );
    }
    if (value !== undefined && !rule.holds(value))
      throw expected(`${prefix}${name}`, rule.what, rule.secret ? '(a secret)' : value);
  }
}

/** `options` without what is left undefined, so that defaults can stand underneath. */
function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/**
 * Checks the options of the driver and fills in the defaults.
 *
 * @throws InvalidOptionError
 */
export function consulSettings(options: ConsulOptions): ConsulSettings {
  checkObject('consul', options);
  check('', RULES, options);
  const tls = given(options.tls ?? {});
  check('tls.', TLS_RULES, tls);
  const secure = options.secure ?? options.tls !== undefined;
  if (!secure && Object.keys(tls).length > 0)
    throw expected('tls', 'left out when `secure` is false', 'given');
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw expected('tls', '`cert` and `key` together', tls.cert === undefined ? 'key alone' : 'cert alone');
  if (options.token !== undefined && options.tokenFile !== undefined)
    throw expected('token', 'given either as `token` or as `tokenFile`', 'both');
  return {
    ...DEFAULTS,
    port: secure ? TLS_PORT : PLAIN_PORT,
    ...given(options),
    ...(options.timeout === undefined ? {} : { givenTimeout: options.timeout }),
    secure,
    tls,
  };
}

/** `host:port`, as messages name the agent. */
export function endpointOf({ host, port }: Pick<ConsulSettings, 'host' | 'port'>): string {
  return joinHostPort(host, port);
}

/** The proxy of the environment through which the agent is reached, where `proxy` asks for one. */
export function proxyOf({ proxy, secure, host, port }: ConsulSettings): EnvProxy | undefined {
  if (proxy === undefined) return undefined;
  const names = secure ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  return envProxy({ proxy: names, direct: ['no_proxy', 'NO_PROXY'] }, { host, port });
}

/** The URL without secrets. */
export function consulUrl(settings: ConsulSettings): string {
  const dc = settings.dc === undefined ? '' : `?dc=${encodeURIComponent(settings.dc)}`;
  return `${settings.secure ? 'consuls' : 'consul'}://${endpointOf(settings)}${dc}`;
}
