/** What a decorator that names a service gives: `endpoint` to a handler's parameter, else the `handle`, or a `listener`. */
export type ServiceUsageKind = 'endpoint' | 'handle' | 'listener';

/** A class that names a service in a decorator. */
export interface ServiceUsage {
  readonly service: string;
  readonly kind: ServiceUsageKind;
  /** The class whose constructor, property or method carries the decorator. */
  readonly owner: object;
  /** The method or property; undefined for the constructor. */
  readonly key: string | symbol | undefined;
  /** The place, for messages: `OrdersController.list`. */
  readonly where: string;
}

const usages: ServiceUsage[] = [];
const names = new Set<string>();

/** The place of a decorator, for messages. */
export function placeOf(target: object, key: string | symbol | undefined): string {
  const owner = typeof target === 'function' ? target : target.constructor;
  return `${owner.name}.${key === undefined ? 'constructor' : String(key)}`;
}

/** Called by the decorators while classes are defined, before any module exists. */
export function recordUsage(
  service: string,
  kind: ServiceUsageKind,
  target: object,
  key: string | symbol | undefined,
): void {
  const owner = typeof target === 'function' ? target : target.constructor;
  usages.push({ service, kind, owner, key, where: placeOf(target, key) });
  names.add(service);
}

/** Every service that any class of the process names. */
export function recordedServices(): readonly string[] {
  return [...names];
}

/** What the given classes, and those they inherit from, name. */
export function usagesOf(classes: Iterable<unknown>): readonly ServiceUsage[] {
  const owners = new Set<unknown>();
  for (let type of classes) {
    while (typeof type === 'function' && type !== Function.prototype && !owners.has(type)) {
      owners.add(type);
      type = Object.getPrototypeOf(type) as unknown;
    }
  }
  return usages.filter(({ owner }) => owners.has(owner));
}
