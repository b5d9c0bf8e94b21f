import type { IKeyValue, IRequestOp, ITxnResponse, KVClient } from 'etcd3';
import { type EtcdCaller } from '../../etcd-client/request.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';
import { type EtcdLeases, type GrantedLease } from '../../etcd-client/leases.js';
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
import { type RegistryEntry, type Renewal, type Session, type WriteResult } from '../../registry/registry.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { encodeRecord } from './codec.js';
import { toCursor } from './cursor.js';
import { decodeEntry } from './decode-entry.js';
import { withRegistryErrors } from './registry-error.js';
import { type EtcdLayout } from './etcd-layout.js';
import { type SessionRecord } from './session-record.js';

/** Dependencies of a session, shared by all sessions of a registry. */
export interface SessionContext {
  /** URL of the registry, for messages. */
  readonly url: string;
  readonly client: EtcdCaller;
  readonly leases: EtcdLeases;
  readonly layout: EtcdLayout;
  readonly clock: Clock;
  /** Timeout of one request; undefined unless the user sets it. */
  readonly timeoutMs?: number | undefined;
}

type Txn = Parameters<KVClient['txn']>[0];

/** The revision of a key that does not exist. */
const NO_REVISION = '0';
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
    this.granted = await withRegistryErrors(
      url,
      async () => await leases.renew(this.id, { timeoutMs }, signal),
    );
    const tookMs = clock.now() - sentAt;
    // A longer time includes a member that did not answer, so it is no sample of a round trip.
    if (tookMs <= timeoutMs) this.roundTripMs += (tookMs - this.roundTripMs) * NEW_SAMPLE_SHARE;
    return { ttl: this.granted, missing: [] };
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
    // A malformed value has no owner, so a writer may replace it as if the key did not exist.
    let expected = version ?? NO_REVISION;
    for (;;) {
      const fence = this.record.revision;
      const guards: { readonly key: Buffer; readonly revision: string }[] = [{ key, revision: expected }];
      if (fence !== undefined) guards.push({ key: this.record.key, revision: fence });
      const response = await this.send(entryKey, version === undefined, signal, {
        compare: guards.map((guard) => ({
          key: guard.key,
          target: 'Mod',
          result: 'Equal',
          mod_revision: guard.revision,
        })),
        success: [{ request_put: { key, value, lease: this.id } }],
        failure: guards.map((guard) => ({ request_range: { key: guard.key } })),
      });
      if (response.succeeded) {
        const { revision, cluster_id: clusterId } = response.header;
        const fingerprint = fingerprintOf({ key, value, lease: this.id, mod_revision: revision }, 'Put');
        return {
          ok: true,
          version: revision,
          ...(expected === NO_REVISION && isReserved(entryKey) ? { createRevision: revision } : {}),
          cursor: toCursor({ clusterId, revision: fingerprint.revision, fingerprint }),
        };
      }
      const current = readResult(response, 0);
      // An earlier attempt of this write took effect, and its response was lost.
      if (current?.lease === this.id && current.value.equals(value)) {
        const { mod_revision: version, create_revision: createRevision } = current;
        return { ok: true, version, ...(isReserved(entryKey) ? { createRevision } : {}) };
      }
      const record = fence === undefined ? undefined : readResult(response, 1);
      if (fence !== undefined && record === undefined) throw new SessionGoneError(this.context.url, this.id);
      if (record && record.mod_revision !== fence && (current?.mod_revision ?? NO_REVISION) === expected) {
        this.record.fenceMoved(record.mod_revision);
        continue;
      }
      const entry = current && this.entry(entryKey, current);
      if (version !== undefined || !current || entry) return { ok: false, current: entry };
      expected = current.mod_revision;
    }
  }

  async remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void> {
    const key = Buffer.from(this.context.layout.keyOf(entryKey));
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
    await withRegistryErrors(this.context.url, async () => {
      await this.record.end(signal).catch((error: unknown) => {
        if (!(error instanceof EtcdResponseError)) throw error;
      });
      await this.context.leases.revoke(this.id, signal);
    });
    this.ended = true;
  }

  /** The operations that make pending writes of `entryKey` fail. */
  private fencing(entryKey: EntryKey): readonly IRequestOp[] {
    const needed = this.uncertain.has(entryKeyId(entryKey)) && this.record.revision !== undefined;
    return needed ? [{ request_put: this.record.renewal }] : [];
  }

  private async send(
    entryKey: EntryKey,
    creates: boolean,
    signal: AbortSignal,
    request: Txn,
  ): Promise<ITxnResponse> {
    const sent = { times: 0 };
    const markUncertain = (): void => {
      // A comparison with an old version never succeeds again; one with a missing key may succeed later.
      if (creates) this.uncertain.add(entryKeyId(entryKey));
    };
    try {
      const response = await this.txn(
        entryKey,
        `writing the ${entryKeyLabel(entryKey)}`,
        signal,
        request,
        sent,
      );
      if (sent.times > 1) markUncertain();
      return response;
    } catch (error) {
      markUncertain();
      throw error;
    }
  }

  private async txn(
    entryKey: EntryKey,
    what: string,
    signal: AbortSignal,
    request: Txn,
    sent = { times: 0 },
  ): Promise<ITxnResponse> {
    const { url, client, layout } = this.context;
    const run = async (): Promise<ITxnResponse> => {
      try {
        return await client.call(
          {
            what,
            run: async ({ kv }, options) => {
              sent.times += 1;
              return await kv.txn(request, options);
            },
          },
          signal,
        );
      } catch (error) {
        if (!(error instanceof EtcdResponseError && error.leaseNotFound)) throw error;
        throw new SessionGoneError(url, this.id, { cause: error });
      }
    };
    return await withRegistryErrors(url, run, [
      `readwrite ${layout.permissionTarget(entryKey)}`,
      ...(this.record.revision === undefined ? [] : [`readwrite --prefix ${layout.sessionsPrefix}` as const]),
    ]);
  }

  private entry(entryKey: EntryKey, current: IKeyValue): RegistryEntry | undefined {
    const decoded = decodeEntry(entryKey, current);
    return 'entry' in decoded ? decoded.entry : undefined;
  }
}

function readResult(response: ITxnResponse, index: number): IKeyValue | undefined {
  return response.responses[index]?.response_range.kvs[0];
}
