import { type RegistrySource } from '../../registry/registry-source.js';
import { MemoryRegistry } from './memory-registry.js';
import { MemoryStore } from './memory-store.js';

/** A registry in the memory of this process, and the store behind it. */
export interface MemorySource extends RegistrySource {
  readonly store: MemoryStore;
}

/** How a memory registry is made. */
export interface MemoryOptions {
  /** How many changes are kept for watches that come back; 16,384 unless given. */
  readonly history?: number;
}

let made = 0;

/** Makes a source on `store`. Sources of one store share what they hold; equal urls share a connection too. */
export function memorySource(url: string, store: MemoryStore): MemorySource {
  return {
    identity: url,
    url,
    store,
    open: async ({ clock }) => await Promise.resolve(new MemoryRegistry(url, store, clock)),
  };
}

/**
 * A registry in the memory of this process, with a store of its own: what two modules are given the same result of,
 * they share. `memory:` and `memory:name` in a URL stand for stores that the whole process shares.
 *
 * ```ts
 * const registry = memory();
 * SidekickModule.forRoot({ registry, service: { name: 'web', port: 3000 } });
 * PilotedModule.forRoot({ registry });
 * ```
 */
export function memory(options: MemoryOptions = {}): MemorySource {
  made += 1;
  return memorySource(`memory:#${made}`, new MemoryStore(options.history));
}
