import { type Clock } from '../../common/clock.js';
import { attempt } from '../../common/async/deadline.js';
import { RegistryRefusedError, RegistryUnavailableError } from '../../common/errors/index.js';
import { Notifier } from '../../registry/notifier.js';
import { checkScope } from '../../registry/check-record.js';
import { AbortScope } from '../../common/async/abort-scope.js';
import { completeListing } from '../../registry/complete-listing.js';
import { type Instance } from '../../registry/instance.js';
import {
  type Cursor,
  type RegistryEntry,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  SIGN_OF_LIFE_MS,
  type WatchBatch,
} from '../../registry/registry.js';
import { refuseDatacenter } from '../../registry/scope.js';
import { lookup } from './lookup.js';
import { type DnsSettings } from './options.js';
import { type DnsResolver } from './resolver.js';

/** Deadline of a whole lookup, shorter than the interval in which a watch must show a sign of life. */
const LOOKUP_TIMEOUT_MS = 4_000;
/** Least time between two lookups, however short the TTL of the records is. */
const MIN_INTERVAL_MS = 1_000;

interface LookupResult {
  readonly listing: Listing;
  /** Milliseconds until the next lookup is due. */
  readonly nextLookupMs: number;
}

/** A read-only registry of the services in the DNS. A watch repeats the lookup periodically. */
export class DnsRegistry implements Registry {
  readonly driver = 'dns';
  readonly reportsCauses = false;
  private readonly scope: AbortScope;

  constructor(
    readonly url: string,
    private readonly settings: DnsSettings,
    private readonly resolver: DnsResolver,
    private readonly clock: Clock,
  ) {
    this.scope = new AbortScope(`The registry ${url}`);
  }

  async openSession(): Promise<Session> {
    this.scope.assertOpen();
    await Promise.resolve();
    throw new RegistryRefusedError(
      `The registry ${this.url} is read-only: the DNS takes no registrations. To register, use another registry, such as file: or etcd://host:2379.`,
    );
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    this.scope.assertOpen();
    return (await this.lookUp(scope, signal)).listing;
  }

  async *watch(scope: Scope, from: Cursor, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const linked = this.scope.link(signal);
    try {
      yield* this.follow(scope, from, linked.signal);
    } finally {
      linked.release();
    }
  }

  async close(): Promise<void> {
    this.scope.close();
    this.resolver.cancel();
    await Promise.resolve();
  }

  private async *follow(
    scope: Scope,
    from: Cursor,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, void> {
    const timer = new Notifier();
    let cursor = from;
    let next = this.clock.now();
    let signOfLifeAt = next + SIGN_OF_LIFE_MS / 2;
    while (!signal.aborted) {
      if (this.clock.now() >= next) {
        const result = await this.lookUp(scope, signal).catch((error: unknown) => {
          if (signal.aborted) return undefined;
          throw error;
        });
        if (!result) return;
        next = this.clock.now() + result.nextLookupMs;
        if (result.listing.cursor !== cursor) {
          cursor = result.listing.cursor;
          signOfLifeAt = this.clock.now() + SIGN_OF_LIFE_MS / 2;
          yield { kind: 'listing', listing: result.listing };
        }
      }
      if (this.clock.now() >= signOfLifeAt) {
        signOfLifeAt = this.clock.now() + SIGN_OF_LIFE_MS / 2;
        yield { kind: 'changes', changes: [], cursor };
      }
      await timer.wait(this.clock, Math.max(0, Math.min(next, signOfLifeAt) - this.clock.now()), signal);
    }
  }

  private async lookUp(scope: Scope, signal: AbortSignal): Promise<LookupResult> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    if (scope.kind === 'key')
      return { listing: completeListing([], []), nextLookupMs: this.settings.interval * 1_000 };
    const { service } = scope;
    const what = `Service "${service}" of the registry ${this.url}`;
    try {
      const { instances, malformed, ttl } = await attempt(
        { clock: this.clock, timeoutMs: LOOKUP_TIMEOUT_MS, signal, what },
        async () => await lookup(this.resolver, this.settings, service),
      );
      const isRequested = (id: string): boolean => scope.kind === 'service' || id === scope.id;
      const entries = instances.filter(({ id }) => isRequested(id)).map(entryOf);
      const invalid = malformed.filter(
        ({ entryKey }) => entryKey.kind === 'instance' && isRequested(entryKey.id),
      );
      const wait = Math.min(this.settings.interval, ttl ?? Infinity) * 1_000;
      return { listing: completeListing(entries, invalid), nextLookupMs: Math.max(MIN_INTERVAL_MS, wait) };
    } catch (error) {
      if (signal.aborted || error instanceof RegistryRefusedError) throw error;
      throw this.unavailable(error);
    }
  }

  private unavailable(error: unknown): Error {
    const cause = error instanceof Error ? error : new Error(String(error));
    const endpoint = this.settings.servers.join(', ') || 'the name servers of this machine';
    return new RegistryUnavailableError(this.url, [{ endpoint, error: cause }], { cause: error });
  }
}

/** The DNS has no versions, so an entry's version is its content. */
function entryOf(instance: Instance): RegistryEntry {
  return { record: { kind: 'instance', instance }, version: JSON.stringify(instance), owner: undefined };
}
