import { type MalformedSink, type RemovalCause } from '../registry/entry-store.js';
import { entryKeyId, type EntryKey } from '../registry/entry-record.js';
import { type Instance } from '../registry/instance.js';
import { InstancePool } from '../registry/instance-pool.js';
import { type Change, type Listing, type MalformedEntry } from '../registry/registry.js';
import { sameInstance } from '../registry/same-record.js';
import { type Endpoint } from './endpoint.js';

/** An instance that is gone from the registry. */
export interface Removal {
  readonly id: string;
  readonly cause: RemovalCause;
}

/** Where a {@link ServiceEntries} puts the instances. */
export interface InstanceTarget {
  /** Number of instances that it holds. */
  readonly size: number;
  /** The ids of all instances that the registry has reported, and that were not removed. */
  ids(): Iterable<string>;
  /** The instance as it was put; undefined if it is not used, or only kept although it is gone from the registry. */
  find(id: string): Endpoint | undefined;
  put(endpoint: Endpoint): void;
  /** @param population the number of instances before the change */
  remove(removals: readonly Removal[], population: number): void;
}

/**
 * Brings the listings and changes of a service to its list. It keeps no entries: the list itself shows what has changed, so
 * that a cached endpoint needs no second record beside it.
 */
export class ServiceEntries {
  private readonly pool = new InstancePool();
  /** The ids of malformed entries that were warned of. */
  private readonly malformedIds = new Set<string>();

  constructor(
    private readonly service: string,
    private readonly target: InstanceTarget,
    private readonly malformed: MalformedSink,
  ) {}

  /**
   * Takes a complete listing. A malformed entry keeps its last good value.
   *
   * @param isFirst whether the listing is the first answer of the registry: then all it does not hold is removed
   */
  replace({ entries, malformed, expired }: Listing, isFirst: boolean): void {
    const population = this.target.size;
    const listed = new Set<string>();
    const broken = new Set<string>();
    for (const { record } of entries) {
      if (record.kind !== 'instance') continue;
      listed.add(record.instance.id);
      this.forget(record.instance.id);
      this.put(record.instance);
    }
    for (const one of malformed) {
      const id = idOf(one.entryKey);
      this.warn(one, isFirst ? undefined : this.target.find(id));
      broken.add(id);
      if (!isFirst) listed.add(id);
    }
    const expiredIds = expired && !isFirst ? new Set(expired.map(idOf)) : undefined;
    const removals: Removal[] = [];
    for (const id of this.target.ids()) {
      if (listed.has(id)) continue;
      const known = expiredIds?.has(id) === true ? 'expired' : 'withdrawn';
      removals.push({ id, cause: expiredIds ? known : 'unknown' });
    }
    for (const id of this.malformedIds) if (!broken.has(id)) this.forget(id);
    this.target.remove(removals, population);
  }

  /** Takes one batch of changes. A change that the same batch reverts has no effect. */
  apply(changes: readonly Change[]): void {
    const population = this.target.size;
    const last = new Map<string, Instance | Removal>();
    for (const change of changes) {
      if (change.kind === 'put') {
        const { record } = change.entry;
        if (record.kind !== 'instance') continue;
        last.set(record.instance.id, record.instance);
        this.forget(record.instance.id);
      } else if (change.kind === 'malformed') {
        const id = idOf(change.malformed.entryKey);
        const before = last.get(id) ?? this.target.find(id);
        this.warn(change.malformed, before && 'cause' in before ? undefined : before);
      } else {
        const id = idOf(change.entryKey);
        last.set(id, { id, cause: change.cause });
        this.forget(id);
      }
    }
    const removals: Removal[] = [];
    for (const one of last.values())
      if ('cause' in one) removals.push(one);
      else this.put(one);
    if (removals.length > 0) this.target.remove(removals, population);
  }

  private put(instance: Instance): void {
    const known = this.target.find(instance.id);
    if (known && sameInstance(known, instance)) return;
    this.target.put(this.pool.share(instance, this.target.size));
  }

  private warn(malformed: MalformedEntry, instance: Instance | undefined): void {
    this.malformedIds.add(idOf(malformed.entryKey));
    this.malformed.warn(
      malformed,
      instance && { record: { kind: 'instance', instance }, version: '', owner: undefined },
    );
  }

  private forget(id: string): void {
    if (this.malformedIds.size === 0 || !this.malformedIds.delete(id)) return;
    this.malformed.forget(entryKeyId({ kind: 'instance', service: this.service, id }));
  }
}

function idOf(entryKey: EntryKey): string {
  return entryKey.kind === 'instance' ? entryKey.id : entryKey.key;
}
