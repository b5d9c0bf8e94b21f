import { type Registry } from './registry.js';
import { type RegistryDeps, type RegistrySource } from './registry-source.js';

/** A connection somebody shares with others. */
export interface SharedRegistry {
  readonly registry: Registry;
  /** Gives it back; the last one to do so closes it. A second call does nothing. */
  release(): Promise<void>;
}

interface Shared {
  readonly opening: Promise<Registry>;
  users: number;
}

/**
 * One connection for everybody who names the same registry ({@link RegistrySource.identity}): the modules of an
 * application, and applications of one process.
 */
export class RegistryPool {
  private readonly shared = new Map<string, Shared>();

  /** How many connections are open or opening. */
  get size(): number {
    return this.shared.size;
  }

  /**
   * Opens the registry, or joins those who have. The first one's `deps` are used. A failure to open is everybody's who
   * waited for it, and the next call tries again.
   */
  async acquire(source: RegistrySource, deps: RegistryDeps): Promise<SharedRegistry> {
    const { identity } = source;
    const shared = this.shared.get(identity) ?? { opening: source.open(deps), users: 0 };
    this.shared.set(identity, shared);
    shared.users += 1;
    let held = true;
    const release = async (): Promise<void> => {
      if (!held) return;
      held = false;
      await this.leave(identity, shared);
    };
    try {
      return { registry: await shared.opening, release };
    } catch (error) {
      if (this.shared.get(identity) === shared) this.shared.delete(identity);
      throw error;
    }
  }

  private async leave(identity: string, shared: Shared): Promise<void> {
    shared.users -= 1;
    if (shared.users > 0) return;
    this.shared.delete(identity);
    await (await shared.opening).close();
  }
}

/** The pool of this process, which all modules use. */
export const registryPool = new RegistryPool();
