import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { type Logger } from '../kernel/logger.js';
import { HEARTBEAT, type HeartbeatMetadata } from './heartbeat.decorator.js';
import { SIDEKICK_LOGGER } from './sidekick.tokens.js';

/** A method that carries `@Heartbeat`. */
export interface FoundHeartbeat extends HeartbeatMetadata {
  readonly value: () => string | Promise<string>;
}

/** Finds the methods that carry `@Heartbeat`. */
@Injectable()
export class HeartbeatExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    @Inject(SIDEKICK_LOGGER) private readonly logger: Logger,
  ) {}

  explore(): readonly FoundHeartbeat[] {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    return wrappers.flatMap((wrapper) => {
      const prototype = (wrapper.metatype as { prototype?: object } | null)?.prototype;
      const instance: unknown = wrapper.isDependencyTreeStatic() ? wrapper.instance : undefined;
      const carrier = typeof instance === 'object' && instance !== null ? instance : undefined;
      if (!carrier && !prototype) return [];
      const methods = carrier ? (Object.getPrototypeOf(carrier) as object | null) : (prototype ?? null);
      if (!methods) return [];
      return this.scanner.getAllMethodNames(methods).flatMap((name) => {
        const method = (methods as Record<string, unknown>)[name];
        const metadata =
          typeof method === 'function'
            ? this.reflector.get<HeartbeatMetadata | undefined>(HEARTBEAT, method)
            : undefined;
        if (!metadata || typeof method !== 'function') return [];
        if (!carrier) {
          this.logger.warn(
            `@Heartbeat("${metadata.key}") on ${String(wrapper.name)}.${name} is ignored: its provider is not a singleton.`,
          );
          return [];
        }
        const value = (): string | Promise<string> =>
          Reflect.apply(method, carrier, []) as string | Promise<string>;
        return [{ ...metadata, value }];
      });
    });
  }
}
