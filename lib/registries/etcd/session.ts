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
} from '../../registry/entry-record.js';
import { type RegistryEntry, type Renewal, type Session, type WriteResult } from '../../registry/registry.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { decodeRecord, encodeRecord } from './codec.js';
import { toCursor } from './cursor.js';
import { asRegistry } from './failure.js';
import { type EtcdLayout } from './layout.js';
import { type SessionRecord } from './session-record.js';
import { entryOf } from './entry.js';

/** What a session stands on. */
export interface SessionGround {
  /** Of the registry, for messages. */
  readonly url: string;
  readonly client: EtcdCaller;
  readonly leases: EtcdLeases;
  readonly layout: EtcdLayout;
  readonly clock: Clock;
  /** Milliseconds that the user gives one request; undefined where it is the default. */
  readonly timeout?: number | undefined;
}

type Txn = Parameters<KVClient['txn']>[0];

/** The revision of a key that is not there. */
const NO_REVISION = '0';
/** Least and greatest milliseconds that a member gets to answer a renewal in a fast network. */
const MIN_RENEWAL_TIMEOUT = 250;
const MAX_RENEWAL_TIMEOUT = 500;
/** Round trips that a member gets at least: on a new connection one renewal takes several. */
const ROUND_TRIPS = 3;
/** Share of the newest measurement in a smoothed round trip. */
const NEW_SAMPLE_SHARE = 0.25;

/** A lease, and the entries bound to it. */
export class EtcdSession implements Session {
  private granted: number;
  private ended = false;
  /** Slots that a write may still reach which nobody waits for any more. */
  private readonly inDoubt = new Set<string>();

  constructor(
    private readonly ground: SessionGround,
    private readonly lease: GrantedLease,
    private readonly record: SessionRecord,
    /** Milliseconds from a request to its answer, smoothed. */
    private roundTrip = 0,
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
    return this.ground.timeout ?? 0;
  }

  async renew(signal: AbortSignal, patient = false): Promise<Renewal> {
    const { url, leases, clock } = this.ground;
    const timeout = this.memberTimeout(patient);
    const sentAt = clock.now();
    this.granted = await asRegistry(
      url,
      async () => await leases.renew(this.id, { timeoutMs: timeout }, signal),
    );
    const took = clock.now() - sentAt;
    // Longer than one member is given means that an earlier one was silent: no round trip took so long.
    if (took <= timeout) this.roundTrip += (took - this.roundTrip) * NEW_SAMPLE_SHARE;
    return { ttl: this.granted, missing: [] };
  }

  /** Milliseconds that one member gets to answer a renewal. */
  private memberTimeout(patient: boolean): number {
    const { client, timeout = 0 } = this.ground;
    const ttl = this.granted * 1_000;
    const usual = patient
      ? client.timeoutMs
      : Math.max(MIN_RENEWAL_TIMEOUT, Math.min(MAX_RENEWAL_TIMEOUT, ttl / 12));
    return Math.max(usual, Math.min(Math.max(ROUND_TRIPS * this.roundTrip, timeout), ttl / 3));
  }

  async write(record: EntryRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult> {
    checkRecord(record);
    const entryKey = entryKeyOf(record);
    const key = Buffer.from(this.ground.layout.keyOf(entryKey));
    const value = encodeRecord(record);
    // What cannot be understood is nobody's: to a writer its entry key is empty.
    let expected = version ?? NO_REVISION;
    for (;;) {
      const fence = this.record.revision;
      const guards: { readonly key: Buffer; readonly revision: string }[] = [{ key, revision: expected }];
      if (fence !== undefined) guards.push({ key: this.record.key, revision: fence });
      const answer = await this.send(entryKey, version === undefined, signal, {
        compare: guards.map((guard) => ({
          key: guard.key,
          target: 'Mod',
          result: 'Equal',
          mod_revision: guard.revision,
        })),
        success: [{ request_put: { key, value, lease: this.id } }],
        failure: guards.map((guard) => ({ request_range: { key: guard.key } })),
      });
      if (answer.succeeded) {
        const { revision, cluster_id: clusterId } = answer.header;
        const witness = fingerprintOf({ key, value, lease: this.id, mod_revision: revision }, 'Put');
        return {
          ok: true,
          version: revision,
          cursor: toCursor({ clusterId, revision: witness.revision, witness }),
        };
      }
      const current = rangeOf(answer, 0);
      // An earlier attempt of this very write took effect, and its answer was lost.
      if (current?.lease === this.id && current.value.equals(value)) {
        return { ok: true, version: current.mod_revision };
      }
      const record = fence === undefined ? undefined : rangeOf(answer, 1);
      if (fence !== undefined && record === undefined) throw new SessionGoneError(this.ground.url, this.id);
      if (record && record.mod_revision !== fence && (current?.mod_revision ?? NO_REVISION) === expected) {
        this.record.moved(record.mod_revision);
        continue;
      }
      const entry = current && this.entry(entryKey, current);
      if (version !== undefined || !current || entry) return { ok: false, current: entry };
      expected = current.mod_revision;
    }
  }

  async remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void> {
    const key = Buffer.from(this.ground.layout.keyOf(entryKey));
    const what = `removing the ${entryKeyLabel(entryKey)}`;
    const read: IRequestOp = { request_range: { key } };
    try {
      // A removal always names a revision: one that lands late misses what was written after it.
      let expected = version;
      for (;;) {
        if (expected === undefined) {
          const found = rangeOf(await this.txn(entryKey, what, signal, { success: [read] }), 0);
          expected = found?.lease === this.id ? found.mod_revision : NO_REVISION;
        }
        const fencing = this.fencing(entryKey);
        if (expected === NO_REVISION && fencing.length === 0) return;
        const fenced = [...this.inDoubt];
        const answer = await this.txn(entryKey, what, signal, {
          compare: [
            { key, target: 'Lease', result: 'Equal', lease: this.id },
            { key, target: 'Mod', result: 'Equal', mod_revision: expected },
          ],
          success: [{ request_delete_range: { key } }, ...fencing],
          failure: [read, ...fencing],
        });
        if (fencing.length > 0) {
          this.record.moved(answer.header.revision);
          for (const id of fenced) this.inDoubt.delete(id);
        }
        if (version !== undefined || answer.succeeded || rangeOf(answer, 0)?.lease !== this.id) return;
        expected = undefined;
      }
    } catch (error) {
      // Without its lease nothing of this session is left, nor can anything of it arrive.
      if (!(error instanceof SessionGoneError)) throw error;
    }
  }

  async end(signal: AbortSignal): Promise<void> {
    if (this.ended) return;
    await asRegistry(this.ground.url, async () => {
      await this.record.end(signal).catch((error: unknown) => {
        if (!(error instanceof EtcdResponseError)) throw error;
      });
      await this.ground.leases.revoke(this.id, signal);
    });
    this.ended = true;
  }

  /** What makes writes of `entry key` that are still on their way fail. */
  private fencing(entryKey: EntryKey): readonly IRequestOp[] {
    const needed = this.inDoubt.has(entryKeyId(entryKey)) && this.record.revision !== undefined;
    return needed ? [{ request_put: this.record.renewal }] : [];
  }

  private async send(
    entryKey: EntryKey,
    creates: boolean,
    signal: AbortSignal,
    request: Txn,
  ): Promise<ITxnResponse> {
    const sent = { times: 0 };
    const doubt = (): void => {
      // A guard for a version that is gone never holds again; one for an empty entry key may.
      if (creates) this.inDoubt.add(entryKeyId(entryKey));
    };
    try {
      const answer = await this.txn(
        entryKey,
        `writing the ${entryKeyLabel(entryKey)}`,
        signal,
        request,
        sent,
      );
      if (sent.times > 1) doubt();
      return answer;
    } catch (error) {
      doubt();
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
    const { url, client, layout } = this.ground;
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
    return await asRegistry(url, run, [
      `readwrite ${layout.grantedFor(entryKey)}`,
      ...(this.record.revision === undefined ? [] : [`readwrite --prefix ${layout.records}` as const]),
    ]);
  }

  private entry(entryKey: EntryKey, current: IKeyValue): RegistryEntry | undefined {
    const decoded = decodeRecord(entryKey, current.value);
    return 'record' in decoded ? entryOf(decoded.record, current) : undefined;
  }
}

function rangeOf(answer: ITxnResponse, index: number): IKeyValue | undefined {
  return answer.responses[index]?.response_range.kvs[0];
}
