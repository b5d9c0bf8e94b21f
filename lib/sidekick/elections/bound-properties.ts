import { Inject } from '@nestjs/common';
import { InvalidOptionError } from '../../common/errors/index.js';

/** Nest's metadata of the injected properties of a class. */
const PROPERTIES = 'self:properties_metadata';

/** The properties of instances that Nest did not construct: those of factory and value providers. */
const bound = new WeakMap<object, Map<symbol, unknown>>();

/**
 * The key of the property that a decorator injects. Nest prints it when the application does not import SidekickModule.
 *
 * @param decorator The decorator as written in code.
 */
export function propertyKey(decorator: string): symbol {
  return Symbol.for(`${decorator}: import SidekickModule.forRoot() in the root module`);
}

/**
 * Injects `token` into a property of the class of a decorated method, so that subclasses have it too, and so that the boot
 * fails without SidekickModule.
 */
export function injectProperty(key: symbol, token: unknown, target: object): void {
  const declared = (Reflect.getMetadata(PROPERTIES, target.constructor) ?? []) as readonly { key: unknown }[];
  if (!declared.some((property) => property.key === key)) Inject(token as never)(target, key);
}

/** Sets the property of an instance that Nest did not inject it into. */
export function bindProperty(instance: object, key: symbol, value: unknown): void {
  const properties = bound.get(instance) ?? new Map<symbol, unknown>();
  bound.set(instance, properties.set(key, value));
}

/**
 * Reads the property of an instance.
 *
 * @param where Class and method, for the error.
 * @throws InvalidOptionError when neither Nest nor {@link bindProperty} has set it
 */
export function readProperty(instance: unknown, key: symbol, where: string): unknown {
  const isObject = typeof instance === 'object' && instance !== null;
  const value: unknown = isObject
    ? ((instance as Record<symbol, unknown>)[key] ?? bound.get(instance)?.get(key))
    : undefined;
  if (value !== undefined) return value;
  throw new InvalidOptionError(
    `Expected ${where} to be called on a provider of a booted application, got ${isObject ? 'another object' : typeof instance}. A unit test gets the instance from a testing module that provides getElectionToken(name) or imports SidekickModule.forRoot({ registry: 'memory:' }).`,
  );
}
