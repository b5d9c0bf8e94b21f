import { createHash } from 'node:crypto';
import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type Registry } from './registry.js';

/** What a driver is handed when it is opened. */
export interface RegistryDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * A registry that can be opened: what a URL stands for, and what the driver functions (`etcd(…)`, `file(…)`) return.
 * Making one checks its options and does nothing else: no connection, no file, no peer package.
 */
export interface RegistrySource {
  /** Sources with the same identity share one connection. Holds no secret: a digest where the settings do. */
  readonly identity: string;
  /** Where it is, without secrets. */
  readonly url: string;
  /**
   * Loads what the driver needs and makes the connection object. Does not wait for the registry to answer.
   *
   * @throws MissingPeerError when the driver's package is not installed
   */
  open(deps: RegistryDeps): Promise<Registry>;
}

/**
 * Makes the identity of a source whose settings hold secrets: a digest, equal for equal settings.
 *
 * @param settings everything that distinguishes one connection from another, as a string
 */
export function sourceIdentity(driver: string, settings: string): string {
  return `${driver}:${createHash('sha256').update(settings).digest('base64url')}`;
}
