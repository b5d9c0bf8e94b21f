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

/** The variable that names the registry of an application that names none. */
export const REGISTRY_VARIABLE = 'SIDEKICK_REGISTRY';
/** The registry where neither the application nor the environment names one. */
export const DEFAULT_REGISTRY = 'file:';

/** What makes a source of each scheme. They check options at once and load the driver only when it is opened. */
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

const FORMS =
  '`memory:`, `file:`, `etcd://host:2379`, `etcds://…`, `consul://host:8500`, `consuls://…`, `dns:`, `fixed:service=host:port` or the result of a driver function';

/**
 * The registry an application means: a URL, what a driver function returned, or the seed's comma-separated list of
 * etcd servers. Left out, it is what the variable `SIDEKICK_REGISTRY` says, and where that is unset or blank, `file:`.
 *
 * @throws InvalidOptionError in one sentence when the scheme, an option or a value is not what was expected; secrets
 * are masked
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
  if (!isSource(input)) throw expected('registry', FORMS, input);
  return input;
}

/**
 * As {@link registrySource}, for a module at boot: in production, an application that names no registry anywhere is
 * warned in one line, since it gets one that only its own machine sees.
 */
export function bootRegistry(
  input: string | RegistrySource | undefined,
  env: Readonly<Record<string, string | undefined>>,
  logger: Logger,
): RegistrySource {
  const unnamed = input === undefined && !env[REGISTRY_VARIABLE]?.trim();
  if (unnamed && env.NODE_ENV === 'production')
    logger.warn(
      `No registry is named, so ${DEFAULT_REGISTRY} is used, which only this machine sees: set \`registry\` or ${REGISTRY_VARIABLE}.`,
    );
  return registrySource(input, env);
}

function isSource(input: unknown): input is RegistrySource {
  return (
    typeof input === 'object' && input !== null && 'identity' in input && 'open' in input && 'url' in input
  );
}

function fromUrl(option: string, text: string): RegistrySource {
  const url = /^https?:/i.test(text) ? fromServers(option, text) : text;
  const scheme = /^([a-z]+):/i.exec(url)?.[1];
  const parse = scheme === undefined ? undefined : SCHEMES.get(scheme.toLowerCase());
  if (scheme === undefined || !parse) throw expected(option, FORMS, redactUrl(text));
  return parse(`${scheme.toLowerCase()}${url.slice(scheme.length)}`);
}

/** `http://a:2379,http://b:2379`, as the seeds take it, becomes `etcd://a:2379,b:2379`. */
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
