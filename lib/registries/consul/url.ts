import { InvalidOptionError } from '../../common/errors/index.js';
import { formatUrl } from '../../common/redact.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { type ConsulInitialStatus, type ConsulOptions, type ConsulTlsOptions } from './options.js';
import { consul } from './source.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Draft {
  readonly options: Writable<ConsulOptions>;
  readonly tls: Writable<ConsulTlsOptions>;
}

type Setter = (draft: Draft, value: string) => void;

const flag = (value: string): boolean | string =>
  value === 'true' ? true : value === 'false' ? false : value;
const number = (value: string): number | string => (/^\d+$/.test(value) ? Number(value) : value);

/**
 * What each parameter sets. A value that is no flag or number goes on as the text it is, for the check of the options
 * to complain about.
 */
const PARAMETERS: Readonly<Record<string, Setter>> = {
  dc: ({ options }, value) => (options.dc = value),
  token: ({ options }, value) => (options.token = value),
  tokenFile: ({ options }, value) => (options.tokenFile = value),
  proxy: ({ options }, value) => (options.proxy = value as 'env'),
  timeout: ({ options }, value) => (options.timeout = number(value) as number),
  deregisterAfter: ({ options }, value) => (options.deregisterAfter = number(value) as number),
  enableTagOverride: ({ options }, value) => (options.enableTagOverride = flag(value) as boolean),
  initialStatus: ({ options }, value) => (options.initialStatus = value as ConsulInitialStatus),
  ca: ({ tls }, value) => (tls.ca = value),
  cert: ({ tls }, value) => (tls.cert = value),
  key: ({ tls }, value) => (tls.key = value),
  serverName: ({ tls }, value) => (tls.serverName = value),
  verify: ({ tls }, value) => (tls.verify = flag(value) as boolean),
};

function complaint(what: string, url: string, name?: string): InvalidOptionError {
  const got = name === undefined ? '' : ` \`${name}\` in`;
  return new InvalidOptionError(`Expected the registry URL to ${what}, got${got} ${formatUrl(url)}.`);
}

/**
 * `consul://host:8500?dc=…&token=…`, or `consuls://host:8501?ca=…` over HTTPS. The parameters are the names of
 * {@link ConsulOptions} and of its `tls`, certificates as paths.
 *
 * @throws InvalidOptionError for anything else, in one sentence and without the secrets of the URL
 */
export function consulFromUrl(url: string): RegistrySource {
  if (!URL.canParse(url)) throw complaint('be like consul://127.0.0.1:8500', url);
  const { protocol, hostname, port, pathname, hash, username, password, searchParams } = new URL(url);
  if (protocol !== 'consul:' && protocol !== 'consuls:')
    throw complaint('begin with consul:// or consuls://', url);
  if (username !== '' || password !== '')
    throw complaint('give the ACL token as `?token=…`, not before the host', url);
  if (!['', '/'].includes(pathname) || hash !== '') throw complaint('have no path after the host', url);
  const secure = protocol === 'consuls:';
  const draft: Draft = { options: { secure }, tls: {} };
  if (hostname !== '') draft.options.host = hostname.replace(/^\[|\]$/g, '');
  if (port !== '') draft.options.port = Number(port);
  for (const [name, value] of searchParams) {
    const set = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    // A name without a value may be anything, a token too.
    const shown = value === '' ? undefined : name;
    if (!set) throw complaint(`have parameters among ${Object.keys(PARAMETERS).join(', ')}`, url, shown);
    if (searchParams.getAll(name).length > 1) throw complaint(`name each parameter once`, url, name);
    set(draft, value);
  }
  return consul(Object.keys(draft.tls).length > 0 ? { ...draft.options, tls: draft.tls } : draft.options);
}
