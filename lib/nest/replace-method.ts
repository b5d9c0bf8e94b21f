import { InvalidOptionError } from '../common/errors/index.js';

/** A method with an explicit `this`. */
export type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Replaces a decorated method in its descriptor. The descriptor is changed in place, because `applyDecorators` ignores the
 * descriptor that a decorator returns. The replacement has the name, the length, the properties and the metadata of the
 * original: `@nestjs/schedule`, `@nestjs/event-emitter` and `@nestjs/microservices` read their metadata from the function.
 *
 * @param decorator The decorator as written in code, for the error.
 * @param replace Returns the replacement of the original method.
 * @throws InvalidOptionError when the decorator is not on an instance method
 */
export function replaceMethod(
  decorator: string,
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
  replace: (original: Method) => Method,
): void {
  const original = checkInstanceMethod(decorator, target, key, descriptor);
  const replacement = replace(original);
  for (const own of Reflect.ownKeys(original)) {
    const property = Object.getOwnPropertyDescriptor(original, own);
    if (property?.configurable === true) Object.defineProperty(replacement, own, property);
  }
  for (const metadata of Reflect.getOwnMetadataKeys(original) as unknown[])
    Reflect.defineMetadata(metadata, Reflect.getOwnMetadata(metadata, original), replacement);
  if (descriptor) descriptor.value = replacement;
}

/**
 * Returns the decorated method.
 *
 * @param decorator The decorator as written in code, for the error.
 * @throws InvalidOptionError for a static method, an accessor and a property, such as one with an arrow function
 */
export function checkInstanceMethod(
  decorator: string,
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): Method {
  const method: unknown = descriptor?.value;
  if (typeof target !== 'function' && typeof method === 'function') return method as Method;
  throw notMethod(decorator, target, key, descriptor);
}

function notMethod(
  decorator: string,
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): InvalidOptionError {
  const isStatic = typeof target === 'function';
  const owner = isStatic ? (target as { readonly name: string }) : target.constructor;
  const isAccessor = descriptor !== undefined && ('get' in descriptor || 'set' in descriptor);
  const kind = isStatic ? 'static member' : isAccessor ? 'accessor' : 'property';
  return new InvalidOptionError(
    `Expected ${decorator} on an instance method, got the ${kind} ${owner.name}.${String(key)}; write it as a method, \`${String(key)}() { … }\`.`,
  );
}
