import { type RegistrySource } from '../../registry/registry-source.js';
import { MemoryRegistry } from './memory-registry.js';
import { MemoryStore } from './memory-store.js';

/** The source of a registry in the memory of this process. */
export interface MemorySource extends RegistrySource {
  /** The content of the registry. Tests use it to simulate operators and failures. */
  readonly store: MemoryStore;
}

/** Options of {@link memory}. */
export interface MemoryOptions {
  /**
   * The number of changes that the registry retains at least, for watches that resume from an older cursor.
   *
   * @default 16384
   */
  readonly history?: number;
}

let created = 0;

/** Makes a source of `store`. Sources of one store share its content. Sources with equal URLs also share a connection. */
export function memorySource(url: string, store: MemoryStore): MemorySource {
  return {
    identity: url,
    url,
    store,
    open: async ({ clock }) => await Promise.resolve(new MemoryRegistry(url, store, clock)),
  };
}

/**
 * Makes a registry in the memory of this process. Each call makes a new registry: pass the same result to two modules to
 * share it. The URLs `memory:` and `memory:name`, in contrast, name registries that the whole process shares.
 *
 * ```ts
 * const registry = memory();
 * SidekickModule.forRoot({ registry, service: { name: 'web', port: 3000 } });
 * PilotedModule.forRoot({ registry });
 * ```
 */
export function memory(options: MemoryOptions = {}): MemorySource {
  created += 1;
  return memorySource(`memory:#${created}`, new MemoryStore(options.history));
}
