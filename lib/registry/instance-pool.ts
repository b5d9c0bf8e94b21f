import { assembleInstance, type Instance } from './instance.js';

type Parts = Pick<Instance, 'ports' | 'tags' | 'meta'>;

/** Distinct metadata kept at least. */
const MIN_POOL_SIZE = 64;

/** Instances for each that is kept: where metadata is shared by fewer there is little to be had. */
const INSTANCES_PER_POOLED_PART = 8;

/**
 * Lets instances with equal metadata share it: a hundred copies of a service mostly carry the same tags, and each
 * would otherwise hold its own.
 */
export class InstancePool {
  private readonly parts = new Map<string, Parts>();

  /**
   * The same instance, its `ports`, `tags` and `meta` shared with those that have equal ones.
   *
   * @param population how many instances there are: the pool keeps the metadata used last, and far less of it
   */
  share(instance: Instance, population: number): Instance {
    const { ports, tags, meta } = instance;
    const key = JSON.stringify([ports, tags, meta]);
    const known = this.parts.get(key);
    this.parts.delete(key);
    this.parts.set(key, known ?? { ports, tags, meta });
    if (known) return assembleInstance({ ...instance, ...known });
    if (this.parts.size > Math.max(MIN_POOL_SIZE, population / INSTANCES_PER_POOLED_PART))
      this.forgetOldest();
    return instance;
  }

  private forgetOldest(): void {
    for (const key of this.parts.keys()) {
      this.parts.delete(key);
      return;
    }
  }
}
