import { Inject, Injectable } from '@nestjs/common';
import {
  DiscoveryService as NestDiscovery,
  MetadataScanner,
  ModulesContainer,
  Reflector,
} from '@nestjs/core';
import { type ServiceChange } from './service-change.js';
import { type Logger } from '../kernel/logger.js';
import { messageOf, stackOf } from '../kernel/thrown.js';
import { ON_SERVICE_CHANGE } from './on-service-change.decorator.js';
import { PILOTED_LOGGER } from './piloted.tokens.js';
import { usagesOf, type ServiceUsage } from './service-usage.js';

/** A method that carries `@OnServiceChange`. */
export interface FoundListener {
  readonly service: string;
  readonly call: (change: ServiceChange) => void;
}

/** Finds what the classes of the application say about services. */
@Injectable()
export class ServiceChangeExplorer {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly discovery: NestDiscovery,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
    @Inject(PILOTED_LOGGER) private readonly logger: Logger,
  ) {}

  /** Where the classes of this application name a service in a decorator. */
  usages(): readonly ServiceUsage[] {
    const modules = [...this.modules.values()];
    const wrappers = modules.flatMap(({ providers, controllers, injectables, middlewares }) =>
      [providers, controllers, injectables, middlewares].flatMap((kind) => [...kind.values()]),
    );
    return usagesOf(wrappers.map(({ metatype }) => metatype));
  }

  listeners(): readonly FoundListener[] {
    return this.wrappers().flatMap((wrapper) => {
      const prototype = (wrapper.metatype as { prototype?: object } | null)?.prototype;
      if (!prototype || wrapper.isNotMetatype) return [];
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const method = (prototype as Record<string, unknown>)[name] as () => unknown;
        const services = this.reflector.get<readonly string[] | undefined>(ON_SERVICE_CHANGE, method) ?? [];
        if (services.length === 0) return [];
        const where = `${wrapper.name as string}.${name}`;
        if (!wrapper.isDependencyTreeStatic()) {
          this.logger.warn(`@OnServiceChange on ${where} is ignored: its provider is not a singleton.`);
          return [];
        }
        const instance = wrapper.instance as Record<string, (change: ServiceChange) => unknown>;
        const call = (change: ServiceChange): void => {
          this.run(where, () => instance[name]?.(change));
        };
        return services.map((service) => ({ service, call }));
      });
    });
  }

  private run(where: string, call: () => unknown): void {
    const failed = (error: unknown): void => {
      this.logger.error(`${where} failed: ${messageOf(error)}`, ...stackOf(error));
    };
    try {
      const result = call();
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  private wrappers() {
    return [...this.discovery.getProviders(), ...this.discovery.getControllers()];
  }
}
