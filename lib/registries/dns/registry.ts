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

/** Milliseconds a whole lookup may take, so that a watch falls silent no longer than it may. */
const LOOKUP_TIMEOUT = 4_000;
/** Milliseconds between two lookups at least, however short the records live. */
const MIN_WAIT = 1_000;

interface Looked {
  readonly listing: Listing;
  /** Milliseconds until it should be looked up again. */
  readonly wait: number;
}

/** Services as the DNS knows them; looked up again and again while they are watched. */
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
      `The registry ${this.url} can be read only: nothing can be announced or kept in the DNS from here. Name another registry, such as file: or etcd://host:2379.`,
    );
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    this.scope.assertOpen();
    return (await this.look(scope, signal)).listing;
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
    const never = new Notifier();
    let cursor = from;
    let next = this.clock.now();
    let due = next + SIGN_OF_LIFE_MS / 2;
    while (!signal.aborted) {
      if (this.clock.now() >= next) {
        const looked = await this.look(scope, signal).catch((error: unknown) => {
          if (signal.aborted) return undefined;
          throw error;
        });
        if (!looked) return;
        next = this.clock.now() + looked.wait;
        if (looked.listing.cursor !== cursor) {
          cursor = looked.listing.cursor;
          due = this.clock.now() + SIGN_OF_LIFE_MS / 2;
          yield { kind: 'listing', listing: looked.listing };
        }
      }
      if (this.clock.now() >= due) {
        due = this.clock.now() + SIGN_OF_LIFE_MS / 2;
        yield { kind: 'changes', changes: [], cursor };
      }
      await never.wait(this.clock, Math.max(0, Math.min(next, due) - this.clock.now()), signal);
    }
  }

  private async look(scope: Scope, signal: AbortSignal): Promise<Looked> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    if (scope.kind === 'key')
      return { listing: completeListing([], []), wait: this.settings.interval * 1_000 };
    const { service } = scope;
    const what = `Service "${service}" of the registry ${this.url}`;
    try {
      const { instances, malformed, ttl } = await attempt(
        { clock: this.clock, timeoutMs: LOOKUP_TIMEOUT, signal, what },
        async () => await lookup(this.resolver, this.settings, service),
      );
      const isAsked = (id: string): boolean => scope.kind === 'service' || id === scope.id;
      const entries = instances.filter(({ id }) => isAsked(id)).map(entryOf);
      const broken = malformed.filter(({ entryKey }) => entryKey.kind === 'instance' && isAsked(entryKey.id));
      const wait = Math.min(this.settings.interval, ttl ?? Infinity) * 1_000;
      return { listing: completeListing(entries, broken), wait: Math.max(MIN_WAIT, wait) };
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

/** Two entries are the same version when they say the same. */
function entryOf(instance: Instance): RegistryEntry {
  return { record: { kind: 'instance', instance }, version: JSON.stringify(instance), owner: undefined };
}
