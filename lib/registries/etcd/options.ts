import { isSecure } from '../../etcd-client/endpoint.js';
import { checkEtcdOptions, type EtcdOptions, type EtcdSettings } from '../../etcd-client/options.js';
import { checkObject, expected } from '../../common/expected.js';
import { isName } from '../../common/names.js';
import { trimTrailingSlashes } from '../../common/strings.js';

/** Options of the etcd registry: those of the client, and the prefix of its keys. */
export interface EtcdRegistryOptions extends EtcdOptions {
  /**
   * Prefix of all instances' keys: `<prefix>/<service>/<id>`. Plain keys are stored under their own names, outside it.
   * `services` gives the Go target `services/web`, `/` gives `/web`, and an empty string gives `web`.
   *
   * @default '/nestjs-sidekick'
   */
  readonly prefix?: string;
}

/** The default of {@link EtcdRegistryOptions.prefix}. Go reads `web` by `endpoints.NewManager(client, "/nestjs-sidekick/web")`. */
export const DEFAULT_PREFIX = '/nestjs-sidekick';

/** Checked options. They contain secrets and must not be printed. */
export interface EtcdRegistrySettings {
  readonly client: EtcdSettings;
  /** The client's options, unchanged. */
  readonly options: EtcdOptions;
  /** Without a trailing slash, unless it is `/`; may be empty. */
  readonly prefix: string;
}

/**
 * Checks the options of the registry. Does not connect.
 *
 * @throws InvalidOptionError in one sentence that names the option
 * @throws NoEtcdEndpointsError if there is no endpoint
 */
export function checkRegistryOptions(given: EtcdRegistryOptions): EtcdRegistrySettings {
  checkObject('etcd', given);
  const { prefix = DEFAULT_PREFIX, ...options } = given;
  if (prefix !== '' && !isName(prefix)) throw expected('prefix', 'a string like "/services"', prefix);
  return {
    client: checkEtcdOptions(options),
    options,
    prefix: trimTrailingSlashes(prefix) || prefix.slice(0, 1),
  };
}

/**
 * The URL of the registry, without credentials: `etcd://10.0.0.1:2379,10.0.0.2:2379/services`, or
 * `etcd://10.0.0.1:2379?prefix=services` if the path of a URL cannot express the prefix.
 */
export function registryUrl({ client, prefix }: EtcdRegistrySettings): string {
  const scheme = client.endpoints.every(isSecure) ? 'etcds' : 'etcd';
  const hosts = client.endpoints.map((endpoint) => endpoint.replace(/^https?:\/\//, '')).join(',');
  const inPath = prefix.startsWith('/') && prefix !== '/';
  return `${scheme}://${hosts}${inPath ? prefix : `?prefix=${encodeURIComponent(prefix).replaceAll('%2F', '/')}`}`;
}
