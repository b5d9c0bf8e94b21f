import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { InvalidOptionError } from '../common/errors/index.js';

/** A method of a provider or controller that carries a decorator of this library. */
export interface DecoratedMethod<T> {
  readonly metadata: T;
  /** The place, for messages: `OrdersController.list`. */
  readonly where: string;
  /** The name of the module that provides the instance, for messages. */
  readonly module: string;
  /** Calls the method on its instance. */
  readonly call: (...parameters: unknown[]) => unknown;
}

type Module = NonNullable<ReturnType<ModulesContainer['get']>>;
type Wrapper = NonNullable<ReturnType<Module['providers']['get']>>;

/**
 * Finds the methods that carry `key`, once for each instance: an alias, or a factory that returns the instance of
 * another provider, adds nothing.
 *
 * @param decorator as it is written, for the error
 * @throws InvalidOptionError when a decorated method belongs to a provider of which Nest makes many instances or none
 */
export function decoratedMethods<T>(
  modules: ModulesContainer,
  key: string | symbol,
  decorator: string,
): readonly DecoratedMethod<T>[] {
  const scanner = new MetadataScanner();
  const seen = new Set<object>();
  const found: DecoratedMethod<T>[] = [];
  for (const module of modules.values())
    for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
      if (wrapper.isAlias) continue;
      const single = !wrapper.isTransient && wrapper.isDependencyTreeStatic();
      for (const carrier of single ? instanceOf(wrapper) : prototypesOf(wrapper)) {
        const prototype = single ? (Reflect.getPrototypeOf(carrier) ?? {}) : carrier;
        if (seen.has(carrier)) continue;
        seen.add(carrier);
        for (const name of scanner.getAllMethodNames(prototype)) {
          const method = Reflect.get(prototype, name) as object;
          const metadata = Reflect.getMetadata(key, method) as T | undefined;
          if (metadata === undefined) continue;
          const where = `${prototype.constructor.name}.${name}`;
          if (!single) throw notSingle(decorator, where, wrapper.isTransient);
          found.push({
            metadata,
            where,
            module: module.name,
            // Looked up with each call, so that a test may spy on the instance's method.
            call: (...parameters) =>
              (carrier as Record<string, (...all: unknown[]) => unknown>)[name]?.(...parameters),
          });
        }
      }
    }
  return found;
}

function instanceOf({ instance }: Wrapper): readonly object[] {
  return isObject(instance) ? [instance] : [];
}

/** The classes of the instances that Nest makes for each consumer or request; of a factory, as far as it has been called. */
function prototypesOf(wrapper: Wrapper): readonly object[] {
  const made = wrapper.getStaticTransientInstances().map((each) => each?.instance);
  const prototypes = [
    (wrapper.metatype as { prototype?: unknown } | null)?.prototype,
    ...made.filter(isObject).map((instance) => Reflect.getPrototypeOf(instance)),
  ];
  return [...new Set(prototypes.filter(isObject))];
}

function notSingle(decorator: string, where: string, transient: boolean): InvalidOptionError {
  const got = transient
    ? 'a transient provider, of which each consumer has its own instance'
    : 'a request-scoped provider, by its own scope or by that of a dependency';
  return new InvalidOptionError(
    `Expected ${where}, which carries ${decorator}, to be a method of a singleton, got ${got}. Move the method to a provider with the default scope.`,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
