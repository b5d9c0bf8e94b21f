import { isDeepStrictEqual } from 'node:util';
import { type Clock, type Timer } from '../common/clock.js';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { ClosedError } from '../common/errors/index.js';
import { quote } from '../common/strings.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type WarnOnce } from '../common/warn-once.js';
import { ListWatcher, type ListUpdate } from '../registry/list-watcher.js';
import { type RegistryEntry, type Registry } from '../registry/registry.js';
import { type AddressPolicy } from './address-policy.js';
import { type Endpoint } from './endpoint.js';
import { type ExpiryGuard } from './expiry-guard.js';
import { type EndpointsDiff } from './list-change.js';
import { type ServiceSource } from './service-query.js';

/** How far the list of a service can be trusted. */
export interface Freshness {
  /** Whether the registry has ever answered, in this process. */
  readonly answered: boolean;
  /** Whether the list may be out of date: from an error until the next complete list, and before the first. */
  readonly stale: boolean;
  /** Milliseconds since the registry was last heard of; undefined where it never was. */
  readonly age: number | undefined;
  /** Why it is stale. */
  readonly error: Error | undefined;
}

/** What a {@link CachedService} works with. */
export interface CachedServiceDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly warnings: WarnOnce;
  readonly policy: AddressPolicy;
  /** Missing: what the registry says is gone is gone. */
  readonly guard?: ExpiryGuard | undefined;
}

/** Told of each list of a feed. */
export interface CachedServiceListener {
  take(endpoints: readonly Endpoint[], diff: EndpointsDiff): void;
}

/** The last good list of one service, kept by one follower however many ask for it. */
export class CachedService {
  readonly listeners = new Set<CachedServiceListener>();
  private readonly endpoints = new Map<string, Endpoint>();
  private readonly suspects = new Map<string, Timer>();
  private readonly graces = new Set<Timer>();
  private list: readonly Endpoint[] | undefined;
  private readonly begun: Deferred<ListWatcher> = deferred();
  private follower: ListWatcher | undefined;
  private seededAt: number | undefined;
  private answered = false;

  constructor(
    readonly source: ServiceSource,
    private readonly deps: CachedServiceDeps,
  ) {}

  /** The last good list, or undefined where there never was one. Frozen. */
  get current(): readonly Endpoint[] | undefined {
    return this.list;
  }

  get freshness(): Freshness {
    const state = this.follower?.state;
    const heard = state?.lastHeard ?? this.seededAt;
    return {
      answered: this.answered,
      stale: state?.stale ?? true,
      age: heard === undefined ? undefined : this.deps.clock.now() - heard,
      error: state?.error,
    };
  }

  /** Takes a list of earlier days, until the registry answers. `age`: milliseconds since it was true. */
  seed(endpoints: readonly Endpoint[], age: number): void {
    if (this.answered) return;
    this.seededAt = this.deps.clock.now() - age;
    for (const endpoint of endpoints) this.accept(endpoint);
    this.publish({ added: [...this.endpoints.values()], updated: [], removed: [] });
  }

  /** Begins to follow. */
  start(registry: Registry): void {
    const { service, dc, interval } = this.source;
    this.follower = new ListWatcher({
      registry,
      scope: { kind: 'service', service, ...(dc === undefined ? {} : { dc }) },
      clock: this.deps.clock,
      random: this.deps.random,
      logger: this.deps.logger,
      ...(interval === undefined ? {} : { intervalMs: interval }),
      onUpdate: (set) => {
        this.take(set);
      },
    });
    this.follower.start();
    this.begun.resolve(this.follower);
  }

  /** Resolves with the registry's first answer. @throws ClosedError when it is closed before */
  async ready(): Promise<void> {
    await (
      await this.begun.promise
    ).ready;
  }

  /** Resolves when a list that was asked for after this call is in. @throws that list's error */
  async refresh(): Promise<void> {
    await (await this.begun.promise).refresh();
  }

  async close(): Promise<void> {
    for (const timer of this.graces) timer.cancel();
    this.graces.clear();
    if (!this.follower) this.begun.reject(new ClosedError(`The watch of service "${this.source.service}"`));
    await this.follower?.close();
  }

  private take(set: ListUpdate): void {
    const before = new Map<string, Endpoint | undefined>();
    const touch = (id: string): void => {
      if (!before.has(id)) before.set(id, this.endpoints.get(id));
    };
    const first = !this.answered;
    this.answered = true;
    const population = this.endpoints.size;
    for (const entry of first ? set.entries.values() : [...set.added, ...set.updated]) {
      const endpoint = endpointOf(entry);
      if (!endpoint) continue;
      touch(endpoint.id);
      this.accept(endpoint);
    }
    for (const id of this.passing(first ? this.unlisted(set) : set.removed.map(leaving), population)) {
      touch(id);
      this.endpoints.delete(id);
    }
    this.publish(this.diff(before));
  }

  /** Those of an earlier list that the first answer does not have. */
  private unlisted(set: ListUpdate): readonly Leaving[] {
    const listed = new Set([...set.entries.values()].map((entry) => endpointOf(entry)?.id));
    return [...this.endpoints.keys()].filter((id) => !listed.has(id)).map((id) => ({ id, withdrawn: false }));
  }

  /** Which of those that leave may do so at once. */
  private passing(leaving: readonly Leaving[], population: number): readonly string[] {
    const present = leaving.filter(({ id }) => this.endpoints.has(id) && !this.suspects.has(id));
    const expired = present.filter(({ withdrawn }) => !withdrawn).map(({ id }) => id);
    if (!this.deps.guard?.suspects(expired.length, population)) return present.map(({ id }) => id);
    this.hold(expired, this.deps.guard.grace);
    return present.filter(({ withdrawn }) => withdrawn).map(({ id }) => id);
  }

  private hold(ids: readonly string[], grace: number): void {
    this.deps.logger.warn(
      `${ids.length} endpoints of service "${this.source.service}" expired together: ` +
        `they stay in use for ${grace / 1_000} s, unless they are back or withdrawn before.`,
    );
    const timer = this.deps.clock.after(grace, () => {
      this.graces.delete(timer);
      const before = new Map<string, Endpoint | undefined>();
      for (const id of ids) {
        if (this.suspects.get(id) !== timer) continue;
        this.suspects.delete(id);
        before.set(id, this.endpoints.get(id));
        this.endpoints.delete(id);
      }
      this.publish(this.diff(before));
    });
    this.graces.add(timer);
    for (const id of ids) this.suspects.set(id, timer);
  }

  private accept(endpoint: Endpoint): void {
    const { id } = endpoint;
    this.suspects.delete(id);
    const refusal = this.deps.policy.refusal(endpoint);
    if (refusal !== undefined) {
      this.endpoints.delete(id);
      const label = (): string => `endpoint ${quote(id)} of service ${quote(this.source.service)}`;
      this.deps.warnings.warn(JSON.stringify([this.source.service, id, refusal]), {
        message: () => `Leaving out ${label()}: ${refusal}`,
        label,
      });
      return;
    }
    const known = this.endpoints.get(id);
    if (!known || !isDeepStrictEqual(known, endpoint)) this.endpoints.set(id, endpoint);
  }

  private diff(before: ReadonlyMap<string, Endpoint | undefined>): EndpointsDiff {
    const added: Endpoint[] = [];
    const updated: Endpoint[] = [];
    const removed: Endpoint[] = [];
    for (const [id, was] of before) {
      const is = this.endpoints.get(id);
      if (is === was) continue;
      if (is) (was ? updated : added).push(is);
      else if (was) removed.push(was);
    }
    return { added, updated, removed };
  }

  private publish(diff: EndpointsDiff): void {
    if (this.list && diff.added.length + diff.updated.length + diff.removed.length === 0) return;
    this.list = Object.freeze([...this.endpoints.values()]);
    for (const listener of [...this.listeners]) listener.take(this.list, diff);
  }
}

interface Leaving {
  readonly id: string;
  readonly withdrawn: boolean;
}

function endpointOf({ record }: RegistryEntry): Endpoint | undefined {
  return record.kind === 'instance' ? record.instance : undefined;
}

function leaving({ entry, cause }: ListUpdate['removed'][number]): Leaving {
  return { id: endpointOf(entry)?.id ?? '', withdrawn: cause === 'withdrawn' };
}
