import { assembleInstance, type Instance } from './instance.js';

type Parts = Pick<Instance, 'ports' | 'tags' | 'meta'>;

/** Distinct metadata kept beyond the number of instances, before the pool starts afresh. */
const SLACK = 64;

/**
 * Lets instances with equal metadata share it: a hundred copies of a service mostly carry the same tags, and each
 * would otherwise hold its own.
 */
export class InstancePool {
  private readonly parts = new Map<string, Parts>();

  /**
   * The same instance, its `ports`, `tags` and `meta` shared with those that have equal ones.
   *
   * @param population how many instances there are: the pool never grows far beyond it
   */
  share(instance: Instance, population: number): Instance {
    const { ports, tags, meta } = instance;
    const key = JSON.stringify([ports, tags, meta]);
    const known = this.parts.get(key);
    if (known) return assembleInstance({ ...instance, ...known });
    if (this.parts.size >= population + SLACK) this.parts.clear();
    this.parts.set(key, { ports, tags, meta });
    return instance;
  }
}
