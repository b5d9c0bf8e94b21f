import { type ModulesContainer } from '@nestjs/core';
import { InvalidOptionError } from '../common/errors/index.js';
import { decoratedMethods } from '../nest/decorated-methods.js';
import { HEARTBEAT_METADATA, type HeartbeatMetadata } from './heartbeat.decorator.js';

/** A method with `@Heartbeat`, bound to its instance. */
export interface FoundHeartbeat extends HeartbeatMetadata {
  readonly value: (signal: AbortSignal) => string | Promise<string>;
}

/**
 * Returns all methods with `@Heartbeat`.
 *
 * @param primaryKey SidekickModule's option `key`
 * @throws InvalidOptionError when a method belongs to a transient or request-scoped provider
 * @throws InvalidOptionError when two methods, or a method and the option `key`, use the same key
 */
export function findHeartbeats(
  modules: ModulesContainer,
  primaryKey: string | undefined,
): readonly FoundHeartbeat[] {
  const found = decoratedMethods<readonly HeartbeatMetadata[]>(modules, HEARTBEAT_METADATA, '@Heartbeat');
  const owners = new Map<string, string>();
  if (primaryKey !== undefined) owners.set(primaryKey, "SidekickModule's option `key`");
  return found.flatMap(({ metadata, where, module, call }) =>
    metadata.map(({ key, options }) => {
      const owner = `${where} of ${module}`;
      const other = owners.get(key);
      if (other !== undefined) {
        throw new InvalidOptionError(
          `Expected the key "${key}" to be used by one method or option, got ${other} and ${owner}.`,
        );
      }
      owners.set(key, owner);
      return { key, options, value: call as FoundHeartbeat['value'] };
    }),
  );
}
