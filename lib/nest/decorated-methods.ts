import { type ModulesContainer } from '@nestjs/core';
import { InvalidOptionError } from '../common/errors/index.js';
import { isMethodMetadataUsed } from './method-metadata.js';

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

/** A method with metadata, found on an instance, or on the prototype of instances that Nest creates later. */
export interface FoundMethod<T> extends Pick<DecoratedMethod<T>, 'metadata' | 'where' | 'module'> {
  readonly name: string | symbol;
  /** The instance of a singleton; the prototype for a request-scoped or transient provider. */
  readonly target: object;
  /** Whether `target` is the only instance. */
  readonly single: boolean;
  readonly transient: boolean;
  /** Whether it belongs to a guard, an interceptor, a pipe or a filter, of which each module has its own instance. */
  readonly enhancer: boolean;
}

type Module = NonNullable<ReturnType<ModulesContainer['get']>>;
type Wrapper = NonNullable<ReturnType<Module['providers']['get']>>;

/**
 * Finds the methods with the metadata `key` of {@link addMethodMetadata}, once for each instance, also those of request-scoped and transient providers
 * and of enhancers. An alias, or a factory that returns the instance of another provider, is not counted again.
 */
export function* methodsWith<T>(modules: ModulesContainer, key: string | symbol): Generator<FoundMethod<T>> {
  if (!isMethodMetadataUsed(key)) return;
  const seen = new Set<object>();
  for (const module of modules.values())
    for (const wrapper of wrappersOf(module)) {
      if (wrapper.isAlias) continue;
      const transient = wrapper.isTransient;
      const single = !transient && wrapper.isDependencyTreeStatic();
      const enhancer = module.injectables.get(wrapper.token) === wrapper;
      for (const target of single ? instanceOf(wrapper) : prototypesOf(wrapper)) {
        if (seen.has(target)) continue;
        seen.add(target);
        const prototype = single ? (Reflect.getPrototypeOf(target) ?? {}) : target;
        for (const name of methodNames(prototype)) {
          const method = Reflect.get(prototype, name) as object;
          const metadata = Reflect.getMetadata(key, method) as T | undefined;
          if (metadata === undefined) continue;
          const where = `${prototype.constructor.name}.${String(name)}`;
          yield { metadata, where, module: module.name, name, target, single, transient, enhancer };
        }
      }
    }
}

/**
 * Finds the methods with the metadata `key` that can be called on their instance.
 *
 * @param decorator The decorator as written in code, for the error.
 * @throws InvalidOptionError when a decorated method belongs to a request-scoped or transient provider, or to a guard,
 * interceptor, pipe or filter that is no provider
 */
export function decoratedMethods<T>(
  modules: ModulesContainer,
  key: string | symbol,
  decorator: string,
): readonly DecoratedMethod<T>[] {
  const all = [...methodsWith<T>(modules, key)];
  const found = all.filter(({ enhancer }) => !enhancer);
  const classes = new Set(found.map(({ where }) => where));
  for (const { where } of all) if (!classes.has(where)) throw notProvided(decorator, where);
  return found.map(({ metadata, where, module, name, target, single, transient }) => {
    if (!single) throw notSingle(decorator, where, transient);
    return {
      metadata,
      where,
      module,
      // Looked up at each call, so that a test may spy on the method of the instance.
      call: (...parameters) =>
        (target as Record<string | symbol, (...all: unknown[]) => unknown>)[name]?.(...parameters),
    };
  });
}

function wrappersOf({ providers, controllers, injectables }: Module): readonly Wrapper[] {
  return [providers, controllers, injectables].flatMap((kind) => [...kind.values()]);
}

/** The methods of a prototype and of those it inherits from. */
function methodNames(prototype: object): readonly (string | symbol)[] {
  const isMethod = new Map<string | symbol, boolean>([['constructor', false]]);
  let from: object | null = prototype;
  for (; from !== null && from !== Object.prototype; from = Reflect.getPrototypeOf(from))
    for (const name of Reflect.ownKeys(from)) {
      // A subclass may have overridden it.
      if (isMethod.has(name)) continue;
      isMethod.set(name, typeof Reflect.getOwnPropertyDescriptor(from, name)?.value === 'function');
    }
  return [...isMethod].flatMap(([name, is]) => (is ? [name] : []));
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

function notProvided(decorator: string, where: string): InvalidOptionError {
  return new InvalidOptionError(
    `Expected ${where} with ${decorator} to be a method of a provider or controller, got a guard, interceptor, pipe or filter, of which each module has its own instance. List the class in the providers of one module too.`,
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
