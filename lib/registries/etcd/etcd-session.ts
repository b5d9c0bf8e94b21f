import type { IKeyValue, IRequestOp, ITxnResponse, KVClient } from 'etcd3';
import { type EtcdCaller, type EtcdRequest } from '../../etcd-client/request.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';
import { type EtcdLeases, type GrantedLease } from '../../etcd-client/leases.js';
import { onAbort } from '../../common/async/abort.js';
import { RegistryRefusedError } from '../../common/errors/index.js';
import { type Clock } from '../../common/clock.js';
import { fingerprintOf } from '../../etcd-client/event-fingerprint.js';
import { checkRecord } from '../../registry/check-record.js';
import {
  type EntryRecord,
  type EntryKey,
  entryKeyId,
  entryKeyLabel,
  entryKeyOf,
  isReserved,
} from '../../registry/entry-record.js';
import {
  type EntryChange,
  type RegistryEntry,
  type Renewal,
  type Session,
  type WriteResult,
} from '../../registry/registry.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { encodeRecord } from './codec.js';
import { toCursor } from './cursor.js';
import { decodeEntry } from './decode-entry.js';
import { type GuardedPut, GuardedPuts, NO_REVISION, type PutResult } from './guarded-puts.js';
import { OwnKeys, type OwnKeysContext } from './own-keys.js';
import { registryError, type RequiredPermission, withRegistryErrors } from './registry-error.js';
import { type EtcdLayout } from './etcd-layout.js';
import { type SessionRecord } from './session-record.js';

/** Dependencies of a session, shared by all sessions of a registry. */
export interface SessionContext {
  /** URL of the registry, for messages. */
  readonly url: string;
  readonly client: EtcdCaller;
  readonly leases: EtcdLeases;
  readonly layout: EtcdLayout;
  readonly keys: OwnKeysContext;
  readonly clock: Clock;
  /** Timeout of one request; undefined unless the user sets it. */
  readonly timeoutMs?: number | undefined;
}

type Txn = Parameters<KVClient['txn']>[0];

/** Bounds of the time in which a member must answer a renewal in a fast network. */
const MIN_RENEWAL_TIMEOUT_MS = 250;
const MAX_RENEWAL_TIMEOUT_MS = 500;
/** A member gets the time of at least this many round trips: a renewal on a new connection takes several. */
const MIN_ROUND_TRIPS = 3;
/** Weight of the newest sample in the moving average of the round-trip time. */
const NEW_SAMPLE_SHARE = 0.25;

/** A session of the etcd registry: a lease, and the entries bound to it. */
export class EtcdSession implements Session {
  private granted: number;
  private ended = false;
  private readonly puts: GuardedPuts;
  private readonly ownKeys: OwnKeys;
  private watchIsDown = false;
  private missing: readonly EntryKey[] = [];
  /** Ids of entry keys with a write of unknown outcome, which may still take effect. */
  private readonly uncertain = new Set<string>();

  constructor(
    private readonly context: SessionContext,
    private readonly lease: GrantedLease,
    private readonly record: SessionRecord,
    /** Moving average of the round-trip time. */
    private roundTripMs = 0,
  ) {
    this.granted = lease.ttl;
    this.puts = new GuardedPuts(context.client, lease.id, record);
    this.ownKeys = new OwnKeys(context.keys, lease.id);
  }

  get id(): string {
    return this.lease.id;
  }

  get ttl(): number {
    return this.granted;
  }

  get renewTimeoutMs(): number {
    return this.context.timeoutMs ?? 0;
  }

  async renew(signal: AbortSignal, patient = false): Promise<Renewal> {
    const { url, leases, clock } = this.context;
    const timeoutMs = this.memberTimeoutMs(patient);
    const sentAt = clock.now();
    this.granted = await this.unlessGone(() =>
      withRegistryErrors(url, async () => await leases.renew(this.id, { timeoutMs }, signal)),
    );
    const tookMs = clock.now() - sentAt;
    // A longer time includes a member that did not answer, so it is no sample of a round trip.
    if (tookMs <= timeoutMs) this.roundTripMs += (tookMs - this.roundTripMs) * NEW_SAMPLE_SHARE;
    const { missing } = this;
    this.missing = [];
    if (this.watchIsDown) void this.findMissing().catch(() => undefined);
    return { ttl: this.granted, missing };
  }

  /** The time in which one member must answer a renewal before the next is tried. */
  private memberTimeoutMs(patient: boolean): number {
    const { client, timeoutMs = 0 } = this.context;
    const ttlMs = this.granted * 1_000;
    const defaultMs = patient
      ? client.timeoutMs
      : Math.max(MIN_RENEWAL_TIMEOUT_MS, Math.min(MAX_RENEWAL_TIMEOUT_MS, ttlMs / 12));
    return Math.max(defaultMs, Math.min(Math.max(MIN_ROUND_TRIPS * this.roundTripMs, timeoutMs), ttlMs / 3));
  }

  async write(record: EntryRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult> {
    checkRecord(record);
    const entryKey = entryKeyOf(record);
    const key = Buffer.from(this.context.layout.keyOf(entryKey));
    const value = encodeRecord(record);
    const what = `writing the ${entryKeyLabel(entryKey)}`;
    this.ownKeys.add(key, entryKey);
    // A malformed value has no owner, so a writer may replace it as if the key did not exist.
    let expected = version ?? NO_REVISION;
    for (;;) {
      const put = { what, key, value, expected };
      const { succeeded, header, fence, current, record } = await this.put(
        entryKey,
        put,
        version === undefined,
        signal,
      );
      if (succeeded) {
        const { revision, cluster_id: clusterId } = header;
        const fingerprint = fingerprintOf({ key, value, lease: this.id, mod_revision: revision }, 'Put');
        const position = { clusterId, revision: fingerprint.revision, fingerprint };
        this.ownKeys.written(key, position);
        return {
          ok: true,
          version: revision,
          ...(expected === NO_REVISION && isReserved(entryKey) ? { createRevision: revision } : {}),
          cursor: toCursor(position),
        };
      }
      // An earlier attempt of this write took effect, and its response was lost.
      if (current?.lease === this.id && current.value.equals(value)) {
        const { cluster_id: clusterId, revision } = header;
        this.ownKeys.written(key, { clusterId, revision: BigInt(revision) });
        const { mod_revision: version, create_revision: createRevision } = current;
        return { ok: true, version, ...(isReserved(entryKey) ? { createRevision } : {}) };
      }
      if (fence !== undefined && record === undefined) throw new SessionGoneError(this.context.url, this.id);
      if (record && record.mod_revision !== fence && (current?.mod_revision ?? NO_REVISION) === expected) {
        this.record.fenceMoved(record.mod_revision);
        continue;
      }
      const entry = current && this.entry(entryKey, current);
      if (version !== undefined || !current || entry) {
        if (current && current.lease !== this.id) this.ownKeys.remove(key);
        return { ok: false, current: entry };
      }
      expected = current.mod_revision;
    }
  }

  async remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void> {
    const key = Buffer.from(this.context.layout.keyOf(entryKey));
    this.ownKeys.remove(key);
    const what = `removing the ${entryKeyLabel(entryKey)}`;
    const read: IRequestOp = { request_range: { key } };
    try {
      // A removal always compares a revision, so a delayed copy does not delete a later write.
      let expected = version;
      for (;;) {
        if (expected === undefined) {
          const found = readResult(await this.txn(entryKey, what, signal, { success: [read] }), 0);
          expected = found?.lease === this.id ? found.mod_revision : NO_REVISION;
        }
        const fencing = this.fencing(entryKey);
        if (expected === NO_REVISION && fencing.length === 0) return;
        const fenced = [...this.uncertain];
        const response = await this.txn(entryKey, what, signal, {
          compare: [
            { key, target: 'Lease', result: 'Equal', lease: this.id },
            { key, target: 'Mod', result: 'Equal', mod_revision: expected },
          ],
          success: [{ request_delete_range: { key } }, ...fencing],
          failure: [read, ...fencing],
        });
        if (fencing.length > 0) {
          this.record.fenceMoved(response.header.revision);
          for (const id of fenced) this.uncertain.delete(id);
        }
        if (version !== undefined || response.succeeded || readResult(response, 0)?.lease !== this.id) return;
        expected = undefined;
      }
    } catch (error) {
      // Without the lease no entry of this session exists, and no write of it can take effect.
      if (!(error instanceof SessionGoneError)) throw error;
    }
  }

  async end(signal: AbortSignal): Promise<void> {
    if (this.ended) return;
    try {
      await withRegistryErrors(this.context.url, async () => {
        await this.record.end(signal).catch((error: unknown) => {
          if (!(error instanceof EtcdResponseError)) throw error;
        });
        await this.context.leases.revoke(this.id, signal);
      });
      this.ended = true;
    } finally {
      // Also after a failure: a session that its owner gives up expires by itself.
      this.release();
    }
  }

  async *watch(signal: AbortSignal): AsyncGenerator<readonly EntryChange[], void, void> {
    const changes = this.ownKeys.watch();
    const removeListener = onAbort(signal, () => void changes.return?.());
    this.watchIsDown = false;
    try {
      yield* changes;
    } catch (error) {
      this.watchIsDown = true;
      throw registryError(this.context.url, error, [`read the session's keys`]);
    } finally {
      removeListener();
    }
  }

  /** While the watch is down, the lease shows which keys it has lost. The next renewal reports them. */
  private async findMissing(): Promise<void> {
    const attached = await this.context.leases.attachedKeys(this.id);
    if (!attached) return;
    const ids = new Set(attached.map((key) => key.toString('latin1')));
    this.missing = [...this.ownKeys.entries()].flatMap(([id, entryKey]) => (ids.has(id) ? [] : [entryKey]));
  }

  /** The operations that make pending writes of `entryKey` fail. */
  private fencing(entryKey: EntryKey): readonly IRequestOp[] {
    const needed = this.uncertain.has(entryKeyId(entryKey)) && this.record.revision !== undefined;
    return needed ? [{ request_put: this.record.renewal }] : [];
  }

  private async put(
    entryKey: EntryKey,
    put: GuardedPut,
    creates: boolean,
    signal: AbortSignal,
  ): Promise<PutResult> {
    const markUncertain = (): void => {
      // A comparison with an old version never succeeds again; one with a missing key may succeed later.
      if (creates) this.uncertain.add(entryKeyId(entryKey));
    };
    try {
      const result = await this.withErrors(entryKey, () => this.puts.put(put, signal));
      if (result.repeated) markUncertain();
      return result;
    } catch (error) {
      markUncertain();
      // The write may have taken effect, or may still do so.
      if (!(error instanceof RegistryRefusedError)) this.ownKeys.written(put.key, undefined);
      throw error;
    }
  }

  private async txn(
    entryKey: EntryKey,
    what: string,
    signal: AbortSignal,
    request: Txn,
  ): Promise<ITxnResponse> {
    const { client } = this.context;
    const run: EtcdRequest<ITxnResponse>['run'] = async ({ kv }, options) => await kv.txn(request, options);
    return await this.withErrors(entryKey, () => client.call({ what, run }, signal));
  }

  /** Converts the errors of a request about `entryKey` to those of the port. */
  private async withErrors<T>(entryKey: EntryKey, request: () => Promise<T>): Promise<T> {
    const { url, layout } = this.context;
    const run = async (): Promise<T> => {
      try {
        return await request();
      } catch (error) {
        if (!(error instanceof EtcdResponseError && error.leaseNotFound)) throw error;
        throw new SessionGoneError(url, this.id, { cause: error });
      }
    };
    const required: readonly RequiredPermission[] = [
      `readwrite ${layout.permissionTarget(entryKey)}`,
      ...(this.record.revision === undefined ? [] : [`readwrite --prefix ${layout.sessionsPrefix}` as const]),
    ];
    return await this.unlessGone(() => withRegistryErrors(url, run, required));
  }

  /** Releases what the connection holds for a session that is not renewed any more. */
  private release(): void {
    this.context.leases.forget(this.id);
    this.ownKeys.close();
  }

  /** Releases a session that is gone. */
  private async unlessGone<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SessionGoneError) this.release();
      throw error;
    }
  }

  private entry(entryKey: EntryKey, current: IKeyValue): RegistryEntry | undefined {
    const decoded = decodeEntry(entryKey, current);
    return 'entry' in decoded ? decoded.entry : undefined;
  }
}

function readResult(response: ITxnResponse, index: number): IKeyValue | undefined {
  return response.responses[index]?.response_range.kvs[0];
}
