import { InvalidOptionError } from '../common/errors/index.js';
import { DiscoveryService } from './discovery.service.js';
import { ServiceHandle } from './service-handle.js';
import { placeOf } from './service-usage.js';

/** The place of `@Service`: a handler's parameter, a constructor's parameter or a property. */
export type ServicePlace = 'handler' | 'constructor' | 'property';

/**
 * Types that neither an endpoint nor a handle has. `Function` is not one of them: TypeScript emits it for `Endpoint` when
 * it is imported by `import { type Endpoint }`, because `Endpoint` is a value too.
 */
const NEITHER: ReadonlySet<unknown> = new Set([String, Number, Boolean, Array, Promise, DiscoveryService]);

/**
 * The place of `@Service`, from the arguments that the decorator receives.
 *
 * @throws InvalidOptionError when the decorator is not allowed there, or the declared type does not fit the place
 */
export function servicePlace(
  name: string,
  target: object,
  key: string | symbol | undefined,
  index: unknown,
): ServicePlace {
  const decorator = `@Service("${name}")`;
  if (typeof key === 'object') {
    throw new InvalidOptionError(
      `Expected ${decorator} to be compiled with \`experimentalDecorators\`, as Nest's own decorators are, got a standard decorator. Set it in tsconfig.json.`,
    );
  }
  const wrong = wrongPlace(target, key, index);
  if (wrong !== undefined) {
    throw new InvalidOptionError(
      `Expected ${decorator} on a parameter of a handler, a parameter of a constructor or a property, got ${wrong}.`,
    );
  }
  const place = typeof index !== 'number' ? 'property' : key === undefined ? 'constructor' : 'handler';
  const type = declaredType(target, key, index);
  if (NEITHER.has(type) || (place === 'handler' && type === ServiceHandle)) {
    const { name: got } = type as { readonly name: string };
    throw new InvalidOptionError(
      place === 'handler'
        ? `Expected the parameter with ${decorator} of ${placeOf(target, key)} to be an Endpoint, got ${got}. A handler's parameter receives the next endpoint; a constructor's parameter or a property receives the ServiceHandle.`
        : `Expected ${placeOf(target, key)} to declare ServiceHandle for ${decorator}, got ${got}. A constructor's parameter or a property receives the handle; a handler's parameter receives the next endpoint.`,
    );
  }
  return place;
}

function wrongPlace(target: object, key: string | symbol | undefined, index: unknown): string | undefined {
  if (typeof target === 'function' && key !== undefined)
    return `the static member ${target.name}.${String(key)}`;
  if (typeof index === 'number') return undefined;
  if (key === undefined) return `the class ${(target as { name?: string }).name ?? ''}`;
  // Babel passes a descriptor with an initializer for a property.
  if (typeof index === 'object' && index !== null && !('initializer' in index))
    return `the method or accessor ${placeOf(target, key)}`;
  return undefined;
}

/** The type that `emitDecoratorMetadata` has emitted, if it is on; `Object` for interfaces. */
function declaredType(target: object, key: string | symbol | undefined, index: unknown): unknown {
  if (typeof index !== 'number')
    return key === undefined ? undefined : Reflect.getOwnMetadata('design:type', target, key);
  const types: unknown =
    key === undefined
      ? Reflect.getOwnMetadata('design:paramtypes', target)
      : Reflect.getOwnMetadata('design:paramtypes', target, key);
  return (types as readonly unknown[] | undefined)?.[index];
}
