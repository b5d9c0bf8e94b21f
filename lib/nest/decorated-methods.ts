import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { InvalidOptionError } from '../common/errors/index.js';

/** A method of a provider or controller with a decorator of this library. */
export interface DecoratedMethod<T> {
  readonly metadata: T;
  /** Class and method, for messages: `OrdersController.list`. */
  readonly where: string;
  /** The name of the module that provides the instance, for messages. */
  readonly module: string;
  /** Calls the method on its instance. */
  readonly call: (...parameters: unknown[]) => unknown;
}

type Module = NonNullable<ReturnType<ModulesContainer['get']>>;
type Wrapper = NonNullable<ReturnType<Module['providers']['get']>>;

/**
 * Finds the methods with the metadata `key`, once for each instance. An alias, or a factory that returns the instance of
 * another provider, is not counted again.
 *
 * @param decorator The decorator as written in code, for the error.
 * @throws InvalidOptionError when a decorated method belongs to a request-scoped or transient provider
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
      for (const target of single ? instanceOf(wrapper) : prototypesOf(wrapper)) {
        const prototype = single ? (Reflect.getPrototypeOf(target) ?? {}) : target;
        if (seen.has(target)) continue;
        seen.add(target);
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
            // Looked up at each call, so that a test may spy on the method of the instance.
            call: (...parameters) =>
              (target as Record<string, (...all: unknown[]) => unknown>)[name]?.(...parameters),
          });
        }
      }
    }
  return found;
}

function instanceOf({ instance }: Wrapper): readonly object[] {
  return isObject(instance) ? [instance] : [];
}

/**
 * The prototypes of the instances that Nest creates for each consumer or request. For a factory they are known only once
 * it has been called.
 */
function prototypesOf(wrapper: Wrapper): readonly object[] {
  const instances = wrapper.getStaticTransientInstances().map((each) => each?.instance);
  const prototypes = [
    (wrapper.metatype as { prototype?: unknown } | null)?.prototype,
    ...instances.filter(isObject).map((instance) => Reflect.getPrototypeOf(instance)),
  ];
  return [...new Set(prototypes.filter(isObject))];
}

function notSingle(decorator: string, where: string, transient: boolean): InvalidOptionError {
  const got = transient
    ? 'a transient provider, which has an instance for each consumer'
    : 'a request-scoped provider, by its own scope or by the scope of a dependency';
  return new InvalidOptionError(
    `Expected ${where} with ${decorator} to be a method of a singleton, got ${got}. Move the method to a provider with the default scope.`,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
