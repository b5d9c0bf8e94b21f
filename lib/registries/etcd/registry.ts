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
import {
  type Cursor,
  type Listing,
  type Registry,
  type Scope,
  type Session,
  type SessionOptions,
  SIGN_OF_LIFE_MS,
  type WatchBatch,
} from '../../registry/registry.js';
import { refuseDatacenter, scopeLabel } from '../../registry/scope.js';
import { fromCursor, type Position, toCursor } from './cursor.js';
import { asRegistry, registryError } from './failure.js';
import { type EtcdLayout } from './layout.js';
import { contentsOf } from './listing.js';
import { PageSize } from './page-size.js';
import { type RangeReader, readRange } from './read-scope.js';
import { EtcdSession } from './session.js';
import { SessionRecord } from './session-record.js';
import { WatchChanges } from './watch-changes.js';

/** Milliseconds for a whole list: at 20 Mbit/s enough for 60 MB. Each page has the deadline of a request. */
const LIST_TIMEOUT_MS = 30_000;
/** etcd's own floor. */
const MIN_TTL = 2;

/** etcd as the registry: entries are keys bound to leases. */
export class EtcdRegistry implements Registry {
  readonly driver = 'etcd';
  readonly listTimeoutMs = LIST_TIMEOUT_MS;
  private readonly leases: EtcdLeases;
  private readonly watches: EtcdWatches;
  private readonly changes: WatchChanges;
  private readonly reader: RangeReader;
  private readonly scope: AbortScope;
  private warned = false;

  constructor(
    readonly url: string,
    private readonly client: EtcdTransport,
    private readonly layout: EtcdLayout,
    /** Milliseconds that the user gives one request; undefined where it is the default. */
    private readonly timeout?: number,
  ) {
    this.leases = new EtcdLeases(client);
    this.watches = new EtcdWatches(client, client.deps);
    this.reader = { client, clock: client.deps.clock, pages: new PageSize() };
    this.changes = new WatchChanges(client, layout);
    this.scope = new AbortScope(`The registry ${url}`);
  }

  async openSession({ ttl, name }: SessionOptions, signal: AbortSignal): Promise<Session> {
    this.begin(signal);
    if (!(ttl > 0 && ttl < Infinity)) throw expected('ttl', 'a number of seconds above 0', ttl);
    const { url, client, leases, layout, timeout } = this;
    const { clock } = client.deps;
    return await asRegistry(url, async () => {
      const lease = await leases.grant(Math.max(MIN_TTL, Math.ceil(ttl)), signal);
      const record = new SessionRecord(client, Buffer.from(layout.recordOf(lease.id)), lease.id, name);
      // The connection is there by now: what the record takes is a round trip.
      const sentAt = clock.now();
      try {
        if (!(await record.open(signal))) this.warnOfRecords();
      } catch (error) {
        leases.forget(lease.id);
        throw error;
      }
      const ground = { url, client, leases, layout, clock, timeout };
      return new EtcdSession(ground, lease, record, clock.now() - sentAt);
    });
  }

  async list(scope: Scope, signal: AbortSignal): Promise<Listing> {
    this.begin(signal);
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const { layout, url } = this;
    const what = `listing the ${scopeLabel(scope)}`;
    const { kvs, at } = await asRegistry(
      url,
      async () => await readRange(this.reader, layout.rangeOf(scope), what, signal),
      [`read ${layout.grantedFor(scope)}`],
    );
    return {
      ...contentsOf(layout, scope, kvs),
      cursor: toCursor({ ...at, witness: newestFingerprint(kvs) }),
    };
  }

  async *watch(scope: Scope, cursor: Cursor, signal: AbortSignal): AsyncGenerator<WatchBatch, void, void> {
    checkScope(scope);
    refuseDatacenter(this.driver, scope);
    const linked = this.scope.link(signal);
    try {
      const position = fromCursor(cursor);
      if (isAborted(linked.signal)) return;
      if (position) yield* this.follow(scope, position, linked.signal);
      else yield { kind: 'reset', reason: `the cursor "${cursor}" is not of etcd` };
    } catch (error) {
      if (!isAborted(linked.signal)) throw error;
    } finally {
      linked.release();
    }
  }

  /** Ends every watch, stream and socket. */
  async close(): Promise<void> {
    this.scope.close();
    this.client.close();
    await Promise.resolve();
  }

  private async *follow(
    scope: Scope,
    { clusterId, revision, witness }: Position,
    signal: AbortSignal,
  ): AsyncGenerator<WatchBatch, void, void> {
    const { layout, url } = this;
    const { clock } = this.client.deps;
    const what = `watching the ${scopeLabel(scope)}`;
    const request: EtcdWatchRequest = {
      ...layout.rangeOf(scope),
      after: revision,
      clusterId,
      prevKv: true,
      unavailableTimeoutMs: SIGN_OF_LIFE_MS,
      ...(witness && { fingerprint: witness }),
    };
    let last = witness;
    try {
      for await (const news of this.watches.watch(request, signal)) {
        switch (news.kind) {
          case 'compacted':
            yield { kind: 'reset', reason: `the history up to revision ${news.revision} was compacted` };
            return;
          case 'replaced':
            yield { kind: 'reset', reason: news.reason };
            return;
          case 'alive': {
            const cursor = toCursor({ clusterId, revision: news.revision, witness: last });
            yield { kind: 'changes', changes: [], cursor };
            break;
          }
          case 'events': {
            last = news.fingerprint;
            const cursor = toCursor({ clusterId, revision: news.revision, witness: last });
            const changes = await attempt({ clock, timeoutMs: Infinity, signal, what }, async () =>
              this.changes.of(scope, news.events),
            );
            yield { kind: 'changes', changes, cursor };
          }
        }
      }
    } catch (error) {
      if (error instanceof EtcdResponseError && error.compacted) {
        yield { kind: 'reset', reason: 'the history behind an event was compacted' };
        return;
      }
      throw registryError(url, error, [`read ${layout.grantedFor(scope)}`]);
    }
  }

  /** Once: every session of this user goes without. */
  private warnOfRecords(): void {
    if (this.warned) return;
    this.warned = true;
    this.client.deps.logger.warn(
      `The user may not keep records of sessions in ${this.url}, so that a write that is late is not fenced off, and nobody can tell what was withdrawn from what expired: etcdctl role grant-permission ROLE readwrite --prefix ${this.layout.records}`,
    );
  }

  private begin(signal: AbortSignal): void {
    this.scope.assertOpen();
    if (signal.aborted) throw abortReason(signal);
  }
}

/** A look at a signal that may have changed since the last. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
