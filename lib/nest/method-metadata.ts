/** The keys that decorators have used. On the global object, since a process may load two copies of this package. */
const USED = Symbol.for('nestjs-sidekick:method-metadata');

const shared = globalThis as unknown as Record<symbol, Set<string | symbol> | undefined>;
const used = (shared[USED] ??= new Set());

/** Appends to the array that is the metadata of a method. */
export function addMethodMetadata(key: string | symbol, method: object, added: unknown): void {
  const former = (Reflect.getMetadata(key, method) ?? []) as readonly unknown[];
  Reflect.defineMetadata(key, [...former, added], method);
  used.add(key);
}

/** Whether any method of this process has the metadata. Most applications use few decorators, and boot without a search. */
export function isMethodMetadataUsed(key: string | symbol): boolean {
  return used.has(key);
}
