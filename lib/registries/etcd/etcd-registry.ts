import type { IEvent } from 'etcd3';
import { type EtcdTransport } from '../../etcd-client/transport.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';
import { EtcdLeases } from '../../etcd-client/leases.js';
import { EtcdWatches } from '../../etcd-client/watches.js';
import { type EtcdWatchRequest } from '../../etcd-client/watch-request.js';
import { newestFingerprint } from '../../etcd-client/event-fingerprint.js';
import { abortReason } from '../../common/async/abort.js';
import { attempt } from '../../common/async/deadline.js';
import { expected } from '../../common/expected.js';
import { checkScope } from '../../registry/check-record.js';
import { AbortScope } from '../../common/async/abort-scope.js';
import { shareReconnect } from '../../registry/shared-connection.js';
import {
  type Change,
  type Cursor,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  type SessionOptions,
  SIGN_OF_LIFE_MS,
  type WatchBatch,
  type WatchOptions,
} from '../../registry/registry.js';
import { type ExaminedRights, type Finding, type RegistryMember } from '../../registry/inspection.js';
import { type EntryKey, entryKeyLabel } from '../../registry/entry-record.js';
import { refuseDatacenter, scopeLabel } from '../../registry/scope.js';
import { fromCursor, type Position, toCursor } from './cursor.js';
import { withRegistryErrors, registryError } from './registry-error.js';
import { type EtcdLayout } from './etcd-layout.js';
import { examineCluster } from './examine.js';
import { readMembers } from './members.js';
import { keyNames, serviceNames } from './names.js';
import { scopeContent } from './scope-content.js';
import { PageSize } from './page-size.js';
import { type RangeContext, readRange } from './read-range.js';
import { EtcdSession } from './etcd-session.js';
import { type OwnKeys, type OwnKeysContext } from './own-keys.js';
import { SessionRecord } from './session-record.js';
import { WatchChanges } from './watch-changes.js';

/** Timeout of a whole list, enough for 60 MB at 20 Mbit/s. Each page has the timeout of a request. */
const LIST_TIMEOUT_MS = 30_000;
/** etcd grants no shorter TTL with its default election timeout. */
const MIN_TTL_SECONDS = 2;
/** Leases to grant for one session, where each expires before its first use. */
const MAX_OPENINGS = 3;

/** The etcd registry: entries are keys bound to leases. */
export class EtcdRegistry implements Registry {
  readonly driver = 'etcd';
  readonly listTimeoutMs = LIST_TIMEOUT_MS;
  private readonly leases: EtcdLeases;
  private readonly watches: EtcdWatches;
  private readonly changes: WatchChanges;
  private readonly reader: RangeContext;
  private readonly ownKeys: OwnKeysContext;
  private readonly scope: AbortScope;
  private warnedOfRecords = false;

  constructor(
    readonly url: string,
    private readonly client: EtcdTransport,
    private readonly layout: EtcdLayout,
    /** Timeout of one request; undefined unless the user sets it. */
    private readonly timeoutMs?: number,
  ) {
    this.leases = new EtcdLeases(client);
    this.watches = new EtcdWatches(client, client.deps);
    this.reader = { client, clock: client.deps.clock, pages: new PageSize() };
    this.ownKeys = { reader: this.reader, watches: this.watches, sessions: new Set() };
    this.changes = new WatchChanges(client, layout);
    this.scope = new AbortScope(`The registry ${url}`);
    shareReconnect(this, client.reconnect);
  }

  async openSession({ ttl, name, detached = false }: SessionOptions, signal: AbortSignal): Promise<Session> {
    this.assertUsable(signal);
    if (!(ttl > 0 && ttl < Infinity)) throw expected('ttl', 'a number of seconds above 0', ttl);
    const { url, client, leases, layout, timeoutMs } = this;
    const { clock } = client.deps;
    return await withRegistryErrors(url, async () => {
      for (let tries = 1; ; tries += 1) {
        const lease = await leases.grant(Math.max(MIN_TTL_SECONDS, Math.ceil(ttl)), {}, signal);
        const record = new SessionRecord(client, Buffer.from(layout.sessionKeyOf(lease.id)), lease.id, name);
        // The connection exists by now, so this request measures one round trip.
        const sentAt = clock.now();
        try {
          // No write of a detached session has to be fenced, and nothing asks why its entries have gone.
          if (!detached && !(await record.open(signal))) this.warnOfRecords();
        } catch (error) {
          leases.forget(lease.id);
          // A process or a server that stood still for a TTL has lost the lease before its first use.
          const isGone = error instanceof EtcdResponseError && error.leaseNotFound;
          if (tries < MAX_OPENINGS && isGone) continue;
          // In the background: the caller does not wait for a lease that another attempt replaces, and its TTL may be long.
          if (!isGone) void leases.revoke(lease.id).catch(() => undefined);
          throw error;
        }
        // A detached session is never ended, so that the set would keep it for ever.
        const keys = detached ? { ...this.ownKeys, sessions: new Set<OwnKeys>() } : this.ownKeys;
        const context = { url, client, leases, layout, keys, clock, timeoutMs };
        return new EtcdSession(context, lease, record, clock.now() - sentAt);
      }
    });
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    this.assertUsable(signal);
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const { layout, url } = this;
    const what = `listing the ${scopeLabel(scope)}`;
    const { kvs, at } = await withRegistryErrors(
      url,
      async () => await readRange(this.reader, layout.rangeOf(scope), what, signal),
      [`read ${layout.permissionTarget(scope)}`],
    );
    return {
      ...scopeContent(layout, scope, kvs),
      cursor: toCursor({ ...at, fingerprint: newestFingerprint(kvs) }),
    };
  }

  async *watch(
    scope: Scope,
    cursor: Cursor,
    signal: AbortSignal,
    { causes = true }: WatchOptions = {},
  ): AsyncGenerator<WatchBatch, void, void> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const { layout, url } = this;
    const linked = this.scope.link(signal);
    try {
      const position = fromCursor(cursor);
      if (isAborted(linked.signal)) return;
      if (!position) {
        yield { kind: 'reset', reason: `the cursor "${cursor}" is not from the etcd registry` };
        return;
      }
      const { clusterId } = position;
      let last = position.fingerprint;
      // One generator, and no cursor before it is read: each step delays what becomes visible.
      for await (const news of this.watches.watch(
        this.watchRequest(scope, position, causes),
        linked.signal,
      )) {
        switch (news.kind) {
          case 'compacted':
            yield { kind: 'reset', reason: `the history up to revision ${news.revision} was compacted` };
            return;
          case 'replaced':
            yield { kind: 'reset', reason: news.reason };
            return;
          case 'alive':
            yield changesUpTo({ clusterId, revision: news.revision, fingerprint: last }, []);
            break;
          case 'events': {
            last = news.fingerprint;
            const changes =
              this.changes.atOnce(scope, news.events, causes) ??
              (await this.changesOf(scope, news.events, causes, linked.signal));
            yield changesUpTo({ clusterId, revision: news.revision, fingerprint: last }, changes);
          }
        }
      }
    } catch (error) {
      if (isAborted(linked.signal)) return;
      if (!(error instanceof EtcdResponseError && error.compacted))
        throw registryError(url, error, [`read ${layout.permissionTarget(scope)}`]);
      yield { kind: 'reset', reason: 'the history at an event was compacted' };
    } finally {
      linked.release();
    }
  }

  async discard(entryKey: EntryKey, version: string, signal: AbortSignal): Promise<boolean> {
    this.assertUsable(signal);
    const { url, client, layout } = this;
    const key = Buffer.from(layout.keyOf(entryKey));
    const request = {
      compare: [{ key, target: 'Mod' as const, result: 'Equal' as const, mod_revision: version }],
      success: [{ request_delete_range: { key } }],
    };
    const { succeeded } = await withRegistryErrors(
      url,
      async () =>
        await client.call(
          {
            what: `discarding the ${entryKeyLabel(entryKey)}`,
            run: async ({ kv }, options) => await kv.txn(request, options),
          },
          signal,
        ),
      [`readwrite ${layout.permissionTarget(entryKey)}`],
    );
    return succeeded;
  }

  async services(signal: AbortSignal): Promise<readonly string[]> {
    this.assertUsable(signal);
    const { url, client, layout } = this;
    const needed = [`read --prefix ${layout.root}`] as const;
    return await withRegistryErrors(url, async () => await serviceNames(client, layout, signal), needed);
  }

  async keys(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    this.assertUsable(signal);
    const { url, client, layout } = this;
    const needed = [`read --prefix ${prefix === '' ? "''" : prefix}`] as const;
    return await withRegistryErrors(url, async () => await keyNames(client, layout, prefix, signal), needed);
  }

  async members(signal: AbortSignal): Promise<readonly RegistryMember[]> {
    this.assertUsable(signal);
    return await withRegistryErrors(this.url, async () => await readMembers(this.client, signal));
  }

  async examine(rights: ExaminedRights, signal: AbortSignal): Promise<readonly Finding[]> {
    this.assertUsable(signal);
    return await examineCluster({ url: this.url, client: this.client, layout: this.layout }, rights, signal);
  }

  /** Ends all watches and streams, and closes all sockets. */
  async close(): Promise<void> {
    this.scope.close();
    this.client.close();
    await Promise.resolve();
  }

  private watchRequest(
    scope: Scope,
    { clusterId, revision, fingerprint }: Position,
    causes: boolean,
  ): EtcdWatchRequest {
    return {
      ...this.layout.rangeOf(scope),
      after: revision,
      clusterId,
      // The previous value names the lease of a deleted key.
      prevKv: causes,
      unavailableTimeoutMs: SIGN_OF_LIFE_MS,
      ...(fingerprint && { fingerprint }),
    };
  }

  /** The changes of events that are not known without a request. */
  private async changesOf(
    scope: Scope,
    events: readonly IEvent[],
    causes: boolean,
    signal: AbortSignal,
  ): Promise<readonly Change[]> {
    const { clock } = this.client.deps;
    const what = `watching the ${scopeLabel(scope)}`;
    return await attempt({ clock, timeoutMs: Infinity, signal, what }, () =>
      this.changes.of(scope, events, causes),
    );
  }

  /** Warns once, since every session of this user lacks the permission. */
  private warnOfRecords(): void {
    if (this.warnedOfRecords) return;
    this.warnedOfRecords = true;
    this.client.deps.logger.warn(
      `The user lacks the permission to write session records in ${this.url}: delayed writes are not fenced, and watchers cannot distinguish withdrawn entries from expired ones. Grant it with: etcdctl role grant-permission ROLE readwrite --prefix ${this.layout.sessionsPrefix}`,
    );
  }

  /** @throws ClosedError after {@link EtcdRegistry.close}; the reason of an aborted signal */
  private assertUsable(signal: AbortSignal): void {
    this.scope.assertOpen();
    if (signal.aborted) throw abortReason(signal);
  }
}

/** All changes up to a position, whose cursor is computed when it is read. */
function changesUpTo(position: Position, changes: readonly Change[]): WatchBatch {
  return {
    kind: 'changes',
    changes,
    get cursor() {
      return toCursor(position);
    },
  };
}

/** Reads the signal's state again, where TypeScript assumes that it has not changed. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
