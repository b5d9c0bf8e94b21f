/** A class that names a service in a decorator. */
export interface ServiceUsage {
  readonly service: string;
  /** The class whose constructor, property or method carries the decorator. */
  readonly owner: object;
  /** The place, for messages: `OrdersController.list`. */
  readonly where: string;
}

const usages: ServiceUsage[] = [];
const names = new Set<string>();

/** Called by the decorators while classes are defined, before any module exists. */
export function recordUsage(service: string, target: object, key: string | symbol | undefined): void {
  const owner = typeof target === 'function' ? target : target.constructor;
  const member = key === undefined ? 'constructor' : String(key);
  usages.push({ service, owner, where: `${owner.name}.${member}` });
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
