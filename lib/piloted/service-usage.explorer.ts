import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { InvalidOptionError } from '../common/errors/index.js';
import { ON_SERVICE_CHANGE } from './on-service-change.decorator.js';
import { usagesOf, type ServiceUsage } from './service-usage.js';
import { getServiceToken } from './piloted.tokens.js';

/** Metadata keys that do not make a method a handler: Nest resolves no parameter decorators of a method with only these. */
const NOT_A_HANDLER: ReadonlySet<string | symbol> = new Set([
  ON_SERVICE_CHANGE,
  'nestjs-sidekick:heartbeat',
  // @nestjs/schedule
  'SCHEDULER_NAME',
  'SCHEDULER_TYPE',
  'SCHEDULE_CRON_OPTIONS',
  'SCHEDULE_INTERVAL_OPTIONS',
  'SCHEDULE_TIMEOUT_OPTIONS',
  // @nestjs/event-emitter
  'EVENT_LISTENER_METADATA',
  // Enhancers of @nestjs/common
  '__guards__',
  '__interceptors__',
  '__pipes__',
  '__exceptionFilters__',
]);

/** Nest's metadata of `@Inject` on a constructor's parameters and on properties. */
interface Declared {
  readonly param?: unknown;
  readonly type?: unknown;
}

/** Finds the services that the classes and factories of this application use. */
@Injectable()
export class ServiceUsageExplorer {
  private tokens: ReadonlySet<unknown> | undefined;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {}

  /** The decorators of this application's classes that name a service. */
  usages(): readonly ServiceUsage[] {
    return usagesOf(this.wrappers().map(({ metatype }) => metatype));
  }

  /** Whether a class or factory of this application injects the handle of the service. Other applications do not count. */
  injects(service: string): boolean {
    this.tokens ??= new Set(this.injected());
    return this.tokens.has(getServiceToken(service));
  }

  /**
   * Checks that each method with `@Service` on a parameter is a handler, since Nest passes no arguments to other methods.
   *
   * @throws InvalidOptionError that names the first other method
   */
  checkHandlers(): void {
    for (const { metatype } of this.wrappers())
      for (const { kind, key, service, where } of usagesOf([metatype])) {
        if (kind !== 'endpoint' || key === undefined) continue;
        const method = (metatype as { prototype?: Record<string | symbol, unknown> }).prototype?.[key];
        if (typeof method !== 'function') continue;
        if (Reflect.getMetadataKeys(method).some((each) => !NOT_A_HANDLER.has(each as string))) continue;
        throw new InvalidOptionError(
          `Expected ${where}, which has @Service("${service}") on a parameter, to be a handler of a route, message or event, got a method that Nest passes no arguments to. Inject the ServiceHandle in the constructor and call its pick().`,
        );
      }
  }

  private injected(): readonly unknown[] {
    return this.wrappers().flatMap(({ metatype, inject }) => {
      const factory = (inject ?? []).map((each) =>
        typeof each === 'object' && 'token' in each ? each.token : each,
      );
      if (typeof metatype !== 'function') return factory;
      const declared = ['self:paramtypes', 'self:properties_metadata'].flatMap(
        (key) => (Reflect.getMetadata(key, metatype) as readonly Declared[] | undefined) ?? [],
      );
      return [...factory, ...declared.map(({ param, type }) => param ?? type)];
    });
  }

  private wrappers() {
    return [...this.modules.values()].flatMap(({ providers, controllers, injectables, middlewares }) =>
      [providers, controllers, injectables, middlewares].flatMap((kind) => [...kind.values()]),
    );
  }
}
