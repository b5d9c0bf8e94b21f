import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { InvalidOptionError } from '../common/errors/index.js';
import { decoratedMethods } from '../nest/decorated-methods.js';
import { HEARTBEAT_METADATA, type HeartbeatMetadata } from './heartbeat.decorator.js';
import { type SidekickModuleOptions } from './sidekick.options.js';
import { SIDEKICK_OPTIONS } from './sidekick.tokens.js';

/** A method with `@Heartbeat`, bound to its instance. */
export interface FoundHeartbeat extends HeartbeatMetadata {
  readonly value: (signal: AbortSignal) => string | Promise<string>;
}

/** Finds the methods with `@Heartbeat`. */
@Injectable()
export class HeartbeatExplorer {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(SIDEKICK_OPTIONS) private readonly options: Pick<SidekickModuleOptions, 'key'>,
  ) {}

  /**
   * Returns all methods with `@Heartbeat`.
   *
   * @throws InvalidOptionError when a method belongs to a transient or request-scoped provider
   * @throws InvalidOptionError when two methods, or a method and the option `key`, use the same key
   */
  explore(): readonly FoundHeartbeat[] {
    const found = decoratedMethods<readonly HeartbeatMetadata[]>(
      this.modules,
      HEARTBEAT_METADATA,
      '@Heartbeat',
    );
    const owners = new Map<string, string>();
    if (this.options.key !== undefined) owners.set(this.options.key, "SidekickModule's option `key`");
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
}
