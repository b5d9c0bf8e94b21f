import { type Registry } from './registry.js';
import { observedRegistry } from './observed-registry.js';
import { isConnected } from './shared-connection.js';
import { type RegistryDeps, type RegistrySource } from './registry-source.js';

/** A connection from a {@link RegistryPool}. */
export interface SharedRegistry {
  readonly registry: Registry;
  /** Releases the connection. The last release closes it. A second call does nothing. */
  release(): Promise<void>;
}

/** State of one connection of a {@link RegistryPool}. */
export interface ConnectionState {
  /** The registry's `driver`. */
  readonly driver: string;
  /** Whether the last request reached the registry. */
  readonly connected: boolean;
}

interface Shared {
  readonly opening: Promise<Registry>;
  registry?: Registry;
  users: number;
}

/**
 * Shares one connection between all users of the same registry ({@link RegistrySource.identity}), such as the modules of
 * one application.
 */
export class RegistryPool {
  private readonly shared = new Map<string, Shared>();
  private readonly included = new Set<() => ConnectionState | undefined>();

  /** The number of connections that are open or opening. */
  get size(): number {
    return this.shared.size;
  }

  /** The state of every open connection, and of those that are {@link RegistryPool.include included}. */
  get connections(): readonly ConnectionState[] {
    const own = [...this.shared.values()].flatMap(({ registry }) =>
      registry ? [{ driver: registry.driver, connected: isConnected(registry) }] : [],
    );
    return [...own, ...[...this.included].flatMap((state) => state() ?? [])];
  }

  /**
   * Adds a connection of another thread to {@link RegistryPool.connections}. Returns a function that removes it.
   *
   * @param state returns undefined while the state is not known
   */
  include(state: () => ConnectionState | undefined): () => void {
    this.included.add(state);
    return () => void this.included.delete(state);
  }

  /**
   * Opens the registry, or returns the connection that is already open. `deps` are used only when it opens.
   *
   * @param applicationId Nest's `applicationId`, to publish the requests of this user
   * @throws the error of `source.open`, to all callers that wait for it; the next call tries again
   */
  async acquire(source: RegistrySource, deps: RegistryDeps, applicationId?: string): Promise<SharedRegistry> {
    const { identity } = source;
    const shared: Shared = this.shared.get(identity) ?? { opening: source.open(deps), users: 0 };
    this.shared.set(identity, shared);
    shared.users += 1;
    let released = false;
    const release = async (): Promise<void> => {
      if (released) return;
      released = true;
      await this.release(identity, shared);
    };
    try {
      const registry = await shared.opening;
      shared.registry = registry;
      if (applicationId === undefined) return { registry, release };
      return { registry: observedRegistry(registry, { clock: deps.clock, applicationId }), release };
    } catch (error) {
      if (this.shared.get(identity) === shared) this.shared.delete(identity);
      throw error;
    }
  }

  private async release(identity: string, shared: Shared): Promise<void> {
    shared.users -= 1;
    if (shared.users > 0) return;
    this.shared.delete(identity);
    await (await shared.opening).close();
  }
}

/** The pool that all modules of the process use. */
export const registryPool = new RegistryPool();
