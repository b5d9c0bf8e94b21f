import type { IKeyValue, IRequestOp, IResponseHeader, ITxnResponse } from 'etcd3';
import { abortReason, onAbort } from '../../common/async/abort.js';
import { type Deferred, deferred } from '../../common/async/deferred.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';
import { type EtcdCaller } from '../../etcd-client/request.js';
import { type SessionRecord } from './session-record.js';

/** The revision of a key that does not exist. */
export const NO_REVISION = '0';

/** Keys in one transaction. etcd allows 128 operations, and one reads the session's record. */
export const MAX_BATCH_KEYS = 126;
/** Bytes of keys and values in one transaction. etcd refuses requests above 1.5 MiB. */
const MAX_BATCH_BYTES = 1_048_576;
/** Bytes of a put besides key and value, generously. */
const OVERHEAD_BYTES = 64;
const MAX_BATCHES_IN_FLIGHT = 4;
/** Batches in which a put may fail by the guard of another before it is sent alone. */
const MAX_BATCHES_PER_PUT = 3;

/** A put that takes effect only while its key has the expected revision. */
export interface GuardedPut {
  /** The purpose, for messages. */
  readonly what: string;
  readonly key: Buffer;
  readonly value: Buffer;
  /** Revision of the key; {@link NO_REVISION}: the key must not exist. */
  readonly expected: string;
}

/** The result of a put. */
export interface PutResult {
  readonly succeeded: boolean;
  readonly header: IResponseHeader;
  /** Whether a copy of the request may still arrive, since it was sent more than once. */
  readonly repeated: boolean;
  /** The revision of the session's record that the put compared; undefined without a record. */
  readonly fence: string | undefined;
  /** The key after a failure; undefined if it does not exist. */
  readonly current: IKeyValue | undefined;
  /** The session's record after a failure; undefined if it does not exist, or there is no fence. */
  readonly record: IKeyValue | undefined;
}

interface WaitingPut extends GuardedPut {
  readonly signal: AbortSignal;
  readonly result: Deferred<PutResult>;
  batches: number;
  alone: boolean;
}

/**
 * Sends the puts of one session. Puts that wait at the same time share a transaction, which checks the guard of every key
 * and the session's fence. If the guard of one key fails, the others are sent again without it. If etcd refuses a
 * transaction, for example because the user lacks permission for one key, each put is sent alone.
 *
 * The transactions are not nested: older etcd does not check the permissions for nested operations (GHSA-rfx7-8w68-q57q).
 */
export class GuardedPuts {
  private waiting: WaitingPut[] = [];
  private inFlight = 0;
  private scheduled = false;

  constructor(
    private readonly client: EtcdCaller,
    private readonly lease: string,
    private readonly record: SessionRecord,
  ) {}

  /**
   * Sends one put, with others if there are any.
   *
   * @throws as {@link EtcdCaller.call}; the put may still take effect then
   */
  async put(put: GuardedPut, signal: AbortSignal): Promise<PutResult> {
    if (signal.aborted) throw abortReason(signal);
    const result = deferred<PutResult>();
    this.waiting.push({ ...put, signal, result, batches: 0, alone: false });
    this.flushSoon();
    const removeListener = onAbort(signal, () => {
      result.reject(abortReason(signal));
    });
    try {
      return await result.promise;
    } finally {
      removeListener();
    }
  }

  /** Puts of the same tick are sent together. */
  private flushSoon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    this.waiting = this.waiting.filter(({ signal }) => !signal.aborted);
    for (const put of this.waiting.filter(({ alone }) => alone)) void this.send([put]);
    this.waiting = this.waiting.filter(({ alone }) => !alone);
    while (this.waiting.length > 0 && this.inFlight < MAX_BATCHES_IN_FLIGHT) void this.sendBatch(this.take());
  }

  private async sendBatch(batch: readonly WaitingPut[]): Promise<void> {
    this.inFlight += 1;
    await this.send(batch);
    this.inFlight -= 1;
    this.flush();
  }

  /** Takes the puts of the next transaction from the queue. A transaction must not write a key twice. */
  private take(): readonly WaitingPut[] {
    const batch = new Map<string, WaitingPut>();
    const left: WaitingPut[] = [];
    let bytes = 0;
    for (const put of this.waiting) {
      const id = put.key.toString('latin1');
      const size = put.key.length + put.value.length + OVERHEAD_BYTES;
      const full = batch.size > 0 && (batch.size === MAX_BATCH_KEYS || bytes + size > MAX_BATCH_BYTES);
      if (full || batch.has(id)) {
        left.push(put);
        continue;
      }
      batch.set(id, put);
      bytes += size;
    }
    this.waiting = left;
    return [...batch.values()];
  }

  private async send(batch: readonly WaitingPut[]): Promise<void> {
    const fence = this.record.revision;
    let times = 0;
    try {
      const response = await this.call(batch, fence, () => (times += 1));
      this.settle(batch, response, fence, times > 1);
    } catch (error) {
      if (batch.length > 1 && error instanceof EtcdResponseError && !error.leaseNotFound) {
        for (const put of batch) put.alone = true;
        this.waiting.push(...batch);
        this.flushSoon();
        return;
      }
      for (const { result } of batch) result.reject(error as Error);
    }
  }

  /** Aborts the request when every caller has aborted. */
  private async call(
    batch: readonly WaitingPut[],
    fence: string | undefined,
    onSend: () => void,
  ): Promise<ITxnResponse> {
    const abandoned = new AbortController();
    let callers = batch.length;
    const removals = batch.map(({ signal }) =>
      onAbort(signal, () => {
        callers -= 1;
        if (callers === 0) abandoned.abort(abortReason(signal));
      }),
    );
    const [first] = batch;
    const guards = batch.map(({ key, expected }) => ({ key, revision: expected }));
    if (fence !== undefined) guards.push({ key: this.record.key, revision: fence });
    try {
      return await this.client.call(
        {
          what: batch.length === 1 ? (first?.what ?? '') : `writing ${batch.length} entries`,
          run: async ({ kv }, options) => {
            onSend();
            return await kv.txn(
              {
                compare: guards.map(({ key, revision }) => ({
                  key,
                  target: 'Mod',
                  result: 'Equal',
                  mod_revision: revision,
                })),
                success: batch.map(({ key, value }) => ({ request_put: { key, value, lease: this.lease } })),
                failure: guards.map(({ key }): IRequestOp => ({ request_range: { key } })),
              },
              options,
            );
          },
        },
        abandoned.signal,
      );
    } finally {
      for (const remove of removals) remove();
    }
  }

  private settle(
    batch: readonly WaitingPut[],
    { succeeded, header, responses }: ITxnResponse,
    fence: string | undefined,
    repeated: boolean,
  ): void {
    const found = succeeded ? [] : responses.map(({ response_range: { kvs } }) => kvs[0]);
    const record = fence === undefined ? undefined : found[batch.length];
    const fenced = record?.mod_revision !== fence;
    for (const [index, put] of batch.entries()) {
      const current = found[index];
      const guarded = (current?.mod_revision ?? NO_REVISION) !== put.expected;
      if (succeeded || fenced || guarded || batch.length === 1) {
        put.result.resolve({ succeeded, header, repeated, fence, current, record });
        continue;
      }
      // The guard of another put has failed.
      put.batches += 1;
      put.alone = put.batches === MAX_BATCHES_PER_PUT;
      this.waiting.push(put);
      this.flushSoon();
    }
  }
}
