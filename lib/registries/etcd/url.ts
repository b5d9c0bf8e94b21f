import { InvalidOptionError } from '../../common/errors/index.js';
import { formatUrl } from '../../common/redact.js';
import { trimTrailingSlashes } from '../../common/strings.js';
import { type EtcdTlsOptions } from '../../etcd-client/options.js';
import { type RegistrySource } from '../../registry/registry-source.js';
import { type EtcdRegistryOptions } from './options.js';
import { etcd } from './etcd.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface Draft {
  readonly options: Writable<EtcdRegistryOptions>;
  readonly tls: Writable<EtcdTlsOptions>;
}

type Setter = (draft: Draft, value: string) => void;

/** Setters of the URL parameters. Invalid values are passed unchanged; the check of the options reports them. */
const PARAMETERS: Readonly<Record<string, Setter>> = {
  ca: ({ tls }, value) => (tls.ca = value),
  cert: ({ tls }, value) => (tls.cert = value),
  key: ({ tls }, value) => (tls.key = value),
  serverName: ({ tls }, value) => (tls.serverName = value),
  timeout: ({ options }, value) =>
    (options.headerTimeoutPerRequest = (/^\d+(\.\d+)?$/.test(value) ? Number(value) : value) as number),
  selectionMode: ({ options }, value) => (options.selectionMode = value as 'random'),
  prefix: ({ options }, value) => (options.prefix = value),
  proxy: ({ options }, value) => (options.proxy = value as 'env'),
};

/** `etcd://…?tls=true` is `etcds://…`. */
const TLS_PARAMETER = 'tls';

function urlError(what: string, url: string): InvalidOptionError {
  return new InvalidOptionError(`Expected the registry URL to ${what}, got ${formatUrl(url)}.`);
}

/**
 * `etcd://[user:pass@]h1:2379,h2:2379[/prefix][?tls=true&ca=…&cert=…&key=…&serverName=…&timeout=…&selectionMode=…&proxy=env]`,
 * or `etcds://…` over TLS, or the list `http://h1:2379,http://h2:2379` of Go `sidekick`. Certificates and keys are paths.
 * `timeout` is {@link EtcdRegistryOptions.headerTimeoutPerRequest}, in seconds. `prefix=…` sets a prefix that a path cannot
 * express: one without a leading slash, `/` alone, or an empty one.
 *
 * @throws InvalidOptionError for any other URL, in one sentence without the URL's secrets
 */
export function etcdFromUrl(url: string): RegistrySource {
  if (/^https?:/i.test(url)) return etcd({ endpoints: url });
  const match = /^(etcds?):\/\/(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(url);
  const [, scheme, credentials, hosts, path = '', query = ''] = match ?? [];
  if (scheme === undefined || hosts === undefined || hosts === '') {
    throw urlError('be like etcd://10.0.0.1:2379,10.0.0.2:2379/prefix', url);
  }
  const parameters = new URLSearchParams(query);
  const draft: Draft = { options: { endpoints: '' }, tls: {} };
  for (const [name, value] of parameters) {
    if (parameters.getAll(name).length > 1) throw urlError(`name \`${name}\` once`, url);
    const set = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    if (!set && name !== TLS_PARAMETER) {
      throw urlError(`have parameters among ${[TLS_PARAMETER, ...Object.keys(PARAMETERS)].join(', ')}`, url);
    }
    set?.(draft, value);
  }
  const secure = isSecure(scheme, parameters.get(TLS_PARAMETER), url);
  const hasTls = Object.keys(draft.tls).length > 0;
  if (hasTls && !secure) throw urlError('begin with etcds://, since certificates are given', url);
  const prefix = decode(trimTrailingSlashes(path), url);
  if (prefix !== '' && draft.options.prefix !== undefined)
    throw urlError('give the prefix as its path or as `prefix`, not both', url);
  return etcd({
    ...draft.options,
    endpoints: hosts.split(',').map((host) => `${secure ? 'https' : 'http'}://${host.trim()}`),
    ...(prefix !== '' && { prefix }),
    ...(hasTls && { tls: draft.tls }),
    ...(credentials !== undefined && userAndPassword(credentials, url)),
  });
}

function isSecure(scheme: string, tls: string | null, url: string): boolean {
  if (tls !== null && tls !== 'true' && tls !== 'false') throw urlError('have `tls` true or false', url);
  const byScheme = scheme.toLowerCase() === 'etcds';
  if (byScheme && tls === 'false') throw urlError('begin with etcd://, since `tls` is false', url);
  return byScheme || tls === 'true';
}

function userAndPassword(credentials: string, url: string): { username: string; password: string } {
  const colon = credentials.indexOf(':');
  if (colon <= 0 || colon === credentials.length - 1) throw urlError('give both user and password', url);
  return {
    username: decode(credentials.slice(0, colon), url),
    password: decode(credentials.slice(colon + 1), url),
  };
}

function decode(text: string, url: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw urlError('have every % as %25 or part of an escape', url);
  }
}
