import { type NameListener, RecordedNames } from '../nest/recorded-names.js';

/** What a decorator injects, an `endpoint` or a `handle`; or `listener` for `@OnServiceChange`. */
export type ServiceUsageKind = 'endpoint' | 'handle' | 'listener';

/** A decorator that names a service. */
export interface ServiceUsage {
  readonly service: string;
  readonly kind: ServiceUsageKind;
  /** The class whose constructor, property or method has the decorator. */
  readonly owner: object;
  /** The method or property; undefined for the constructor. */
  readonly key: string | symbol | undefined;
  /** Class and member, for messages: `OrdersController.list`. */
  readonly where: string;
}

const usages: ServiceUsage[] = [];
const names = new RecordedNames<string>();

/** Class and member of a decorator, for messages. */
export function placeOf(target: object, key: string | symbol | undefined): string {
  const owner = typeof target === 'function' ? target : target.constructor;
  return `${owner.name}.${key === undefined ? 'constructor' : String(key)}`;
}

/** Records a decorator. Called while classes are defined, before any module exists. */
export function recordUsage(
  service: string,
  kind: ServiceUsageKind,
  target: object,
  key: string | symbol | undefined,
): void {
  const owner = typeof target === 'function' ? target : target.constructor;
  usages.push({ service, kind, owner, key, where: placeOf(target, key) });
  names.record(service);
}

/** The services that the classes of this process name. */
export function recordedServices(): readonly string[] {
  return names.all;
}

/** Calls the listener with every service that a class names from now on. Returns a function that removes it. */
export function onServiceName(listener: NameListener<string>): () => void {
  return names.listen(listener);
}

/** The decorators of the given classes and of the classes they inherit from. */
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
