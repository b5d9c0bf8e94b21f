import { createHash } from 'node:crypto';
import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type Registry } from './registry.js';

/** What a driver gets when it is opened. */
export interface RegistryDeps {
  /** For every timer and deadline of the driver. */
  readonly clock: Clock;
  /** For jitter: a number from 0 to below 1. */
  readonly random: Random;
  /** For what no caller receives as an error. */
  readonly logger: Logger;
}

/**
 * A registry that is not open yet: the result of a driver function (`etcd(…)`, `file(…)`) or of a registry URL. Creating
 * a source only checks its options. It opens no connection or file and loads no peer package.
 */
export interface RegistrySource {
  /** Sources with the same identity share one connection. Must not contain a secret; see `sourceIdentity`. */
  readonly identity: string;
  /** The location for messages, without secrets. */
  readonly url: string;
  /**
   * Loads the driver's package and creates the connection. Does not wait for the registry to respond.
   *
   * @throws MissingPeerError when the driver's package is not installed
   */
  open(deps: RegistryDeps): Promise<Registry>;
}

/**
 * Makes the identity of a source whose settings contain secrets: a digest, equal for equal settings.
 *
 * @param settings everything that distinguishes one connection from another, as a string
 */
export function sourceIdentity(driver: string, settings: string): string {
  return `${driver}:${createHash('sha256').update(settings).digest('base64url')}`;
}
