import { InvalidOptionError } from '../common/errors/index.js';
import { expected } from '../common/expected.js';
import { type Logger } from '../common/logger.js';
import { redactUrl, formatUrl } from '../common/redact.js';
import { consulFromUrl } from './consul/url.js';
import { dnsFromUrl } from './dns/url.js';
import { etcdFromUrl } from './etcd/url.js';
import { fileFromUrl } from './file/url.js';
import { fixedFromUrl } from './fixed/url.js';
import { memoryFromUrl } from './memory/url.js';
import { type RegistrySource } from '../registry/registry-source.js';

/** The environment variable with the registry's URL, used if the option `registry` is left out. */
export const REGISTRY_VARIABLE = 'SIDEKICK_REGISTRY';
/** The registry used if neither the option nor the environment variable is set. */
export const DEFAULT_REGISTRY = 'file:';

/** The parser of each scheme. A parser checks the URL at once; the driver is loaded when the source is opened. */
const SCHEMES: ReadonlyMap<string, (url: string) => RegistrySource> = new Map([
  ['memory', memoryFromUrl],
  ['file', fileFromUrl],
  ['fixed', fixedFromUrl],
  ['dns', dnsFromUrl],
  ['consul', consulFromUrl],
  ['consuls', consulFromUrl],
  ['etcd', etcdFromUrl],
  ['etcds', etcdFromUrl],
]);

const EXPECTED_FORMS =
  '`memory:`, `file:`, `etcd://host:2379`, `etcds://…`, `consul://host:8500`, `consuls://…`, `dns:`, `fixed:service=host:port` or the result of a driver function';

/**
 * Converts the option `registry` to a source. It is a URL, the result of a driver function, or the comma-separated list
 * of etcd servers that Go `sidekick` takes.
 *
 * @param input if left out, the environment variable `SIDEKICK_REGISTRY`; if that is unset or blank, `file:`
 * @throws InvalidOptionError in one sentence if the scheme, an option or a value is invalid; secrets are masked
 */
export function registrySource(
  input: string | RegistrySource | undefined,
  env: Readonly<Record<string, string | undefined>>,
): RegistrySource {
  if (input === undefined) {
    const url = env[REGISTRY_VARIABLE]?.trim();
    return url === undefined || url === ''
      ? fromUrl('registry', DEFAULT_REGISTRY)
      : fromUrl(REGISTRY_VARIABLE, url);
  }
  if (typeof input === 'string') return fromUrl('registry', input.trim());
  if (!isSource(input)) throw expected('registry', EXPECTED_FORMS, input);
  return input;
}

/**
 * {@link registrySource} for a module at boot. Logs one warning if `NODE_ENV` is `production` and no registry is set,
 * since processes on other machines cannot read the default registry.
 *
 * @throws InvalidOptionError as {@link registrySource}
 */
export function bootRegistry(
  input: string | RegistrySource | undefined,
  env: Readonly<Record<string, string | undefined>>,
  logger: Logger,
): RegistrySource {
  const isDefault = input === undefined && !env[REGISTRY_VARIABLE]?.trim();
  if (isDefault && env.NODE_ENV === 'production')
    logger.warn(
      `No registry is set: using ${DEFAULT_REGISTRY}, which other machines cannot read. Set \`registry\` or ${REGISTRY_VARIABLE}.`,
    );
  return registrySource(input, env);
}

function isSource(input: unknown): input is RegistrySource {
  return (
    typeof input === 'object' && input !== null && 'identity' in input && 'open' in input && 'url' in input
  );
}

function fromUrl(option: string, input: string): RegistrySource {
  const url = /^https?:/i.test(input) ? fromServers(option, input) : input;
  const scheme = /^([a-z]+):/i.exec(url)?.[1];
  const parse = scheme === undefined ? undefined : SCHEMES.get(scheme.toLowerCase());
  if (scheme === undefined || !parse) throw expected(option, EXPECTED_FORMS, redactUrl(input));
  return parse(`${scheme.toLowerCase()}${url.slice(scheme.length)}`);
}

/** Converts the list of servers of Go `sidekick`: `http://a:2379,http://b:2379` becomes `etcd://a:2379,b:2379`. */
function fromServers(option: string, list: string): string {
  const servers = list.split(',').map((server) => /^(https?):\/\/([^/?#]+)\/?$/i.exec(server.trim()));
  const schemes = new Set(servers.map((server) => server?.[1]?.toLowerCase()));
  const [scheme] = schemes;
  if (schemes.size !== 1 || scheme === undefined)
    throw new InvalidOptionError(
      `Expected \`${option}\` to be a comma-separated list of servers, all http://host:port or all https://host:port, got ${JSON.stringify(formatUrl(list))}.`,
    );
  return `${scheme === 'https' ? 'etcds' : 'etcd'}://${servers.map((server) => server?.[2]).join(',')}`;
}
