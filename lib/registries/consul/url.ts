import { InvalidOptionError } from '../../common/errors/index.js';
import { formatUrl } from '../../common/redact.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { type ConsulInitialStatus, type ConsulOptions, type ConsulTlsOptions } from './options.js';
import { consul } from './consul.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Draft {
  readonly options: Writable<ConsulOptions>;
  readonly tls: Writable<ConsulTlsOptions>;
}

type Setter = (draft: Draft, value: string) => void;

const boolean = (value: string): boolean | string =>
  value === 'true' ? true : value === 'false' ? false : value;
const number = (value: string): number | string => (/^\d+(\.\d+)?$/.test(value) ? Number(value) : value);

/**
 * Sets the option of each parameter. A value that is not a boolean or a number stays a string, which the check of the
 * options then reports.
 */
const PARAMETERS: Readonly<Record<string, Setter>> = {
  dc: ({ options }, value) => (options.dc = value),
  token: ({ options }, value) => (options.token = value),
  tokenFile: ({ options }, value) => (options.tokenFile = value),
  proxy: ({ options }, value) => (options.proxy = value as 'env'),
  timeout: ({ options }, value) => (options.timeout = number(value) as number),
  deregisterAfter: ({ options }, value) => (options.deregisterAfter = number(value) as number),
  enableTagOverride: ({ options }, value) => (options.enableTagOverride = boolean(value) as boolean),
  initialStatus: ({ options }, value) => (options.initialStatus = value as ConsulInitialStatus),
  ca: ({ tls }, value) => (tls.ca = value),
  cert: ({ tls }, value) => (tls.cert = value),
  key: ({ tls }, value) => (tls.key = value),
  serverName: ({ tls }, value) => (tls.serverName = value),
  verify: ({ tls }, value) => (tls.verify = boolean(value) as boolean),
};

function invalidUrl(what: string, url: string, name?: string): InvalidOptionError {
  const got = name === undefined ? '' : ` \`${name}\` in`;
  return new InvalidOptionError(`Expected the registry URL to ${what}, got${got} ${formatUrl(url)}.`);
}

/**
 * Parses `consul://host:8500?dc=…&token=…`, or `consuls://host:8501?ca=…` for HTTPS. The parameters have the names of
 * {@link ConsulOptions} and of its `tls`; certificates are paths.
 *
 * @throws InvalidOptionError when the URL has another form; the message does not contain its secrets
 */
export function consulFromUrl(url: string): RegistrySource {
  if (!URL.canParse(url)) throw invalidUrl('be like consul://127.0.0.1:8500', url);
  const { protocol, hostname, port, pathname, hash, username, password, searchParams } = new URL(url);
  if (protocol !== 'consul:' && protocol !== 'consuls:')
    throw invalidUrl('begin with consul:// or consuls://', url);
  if (username !== '' || password !== '')
    throw invalidUrl('give the ACL token as `?token=…`, not before the host', url);
  if (!['', '/'].includes(pathname) || hash !== '') throw invalidUrl('have no path after the host', url);
  const secure = protocol === 'consuls:';
  const draft: Draft = { options: { secure }, tls: {} };
  if (hostname !== '') draft.options.host = hostname.replace(/^\[|\]$/g, '');
  if (port !== '') draft.options.port = Number(port);
  for (const [name, value] of searchParams) {
    const set = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    // A parameter without a value is not shown: it could be a secret.
    const shown = value === '' ? undefined : name;
    if (!set) throw invalidUrl(`have parameters among ${Object.keys(PARAMETERS).join(', ')}`, url, shown);
    if (searchParams.getAll(name).length > 1) throw invalidUrl(`name each parameter once`, url, name);
    set(draft, value);
  }
  return consul(Object.keys(draft.tls).length > 0 ? { ...draft.options, tls: draft.tls } : draft.options);
}
