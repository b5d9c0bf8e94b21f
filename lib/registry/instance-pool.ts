import { assembleInstance, type Instance } from './instance.js';

type Parts = Pick<Instance, 'ports' | 'tags' | 'meta'>;

/** The pool keeps at least this many distinct sets of metadata. */
const MIN_POOL_SIZE = 64;

/** One set of metadata is kept per this many instances. Sharing among fewer instances saves little memory. */
const INSTANCES_PER_POOLED_PART = 8;

/**
 * Saves memory by sharing equal metadata between instances: most instances of a service have the same tags, `ports` and
 * `meta`.
 */
export class InstancePool {
  private readonly parts = new Map<string, Parts>();

  /**
   * Returns an equal instance whose `ports`, `tags` and `meta` are shared with other instances.
   *
   * @param population the number of instances, which limits the size of the pool; the least recently used are evicted
   */
  share(instance: Instance, population: number): Instance {
    const { ports, tags, meta } = instance;
    const key = JSON.stringify([ports, tags, meta]);
    const known = this.parts.get(key);
    this.parts.delete(key);
    this.parts.set(key, known ?? { ports, tags, meta });
    if (known) return assembleInstance({ ...instance, ...known });
    if (this.parts.size > Math.max(MIN_POOL_SIZE, population / INSTANCES_PER_POOLED_PART)) this.evictOldest();
    return instance;
  }

  private evictOldest(): void {
    for (const key of this.parts.keys()) {
      this.parts.delete(key);
      return;
    }
  }
}
