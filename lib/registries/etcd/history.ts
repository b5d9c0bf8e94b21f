import type { IKeyValue } from 'etcd3';
import { type EtcdCaller } from '../../etcd-client/request.js';
import { deferred, type Deferred } from '../../common/async/deferred.js';

/** Reads in one request. etcd allows 128 operations in a transaction. */
const READS_PER_REQUEST = 120;

/** A key at a past revision. */
export interface PastRead {
  readonly key: Buffer;
  readonly revision: bigint;
}

type PastValues = readonly (IKeyValue | undefined)[];

interface PendingRead {
  readonly reads: readonly PastRead[];
  readonly result: Deferred<PastValues>;
}

/**
 * Reads keys at past revisions. All watches of a registry share one instance. It sends one request at a time, batches
 * the reads that arrive meanwhile, and sends equal reads once.
 */
export class History {
  private readonly pending = new Map<string, PendingRead>();
  private draining = false;

  /**
   * @param what purpose of the reads, for messages
   * @param size number of reads in each call of {@link History.read}
   */
  constructor(
    private readonly client: EtcdCaller,
    private readonly what: string,
    private readonly size: number,
  ) {}

  /**
   * Reads the values in the order of `reads`; undefined for a key that did not exist.
   *
   * @throws EtcdResponseError if a revision was compacted; otherwise as {@link EtcdCaller.call}
   */
  async read(reads: readonly PastRead[]): Promise<PastValues> {
    const id = reads.map(({ key, revision }) => `${revision}@${key.toString('latin1')}`).join('\0');
    const read = this.pending.get(id) ?? { reads, result: deferred() };
    this.pending.set(id, read);
    if (!this.draining) void this.drain();
    return await read.result.promise;
  }

  private async drain(): Promise<void> {
    this.draining = true;
    // All reads for one batch of events are added in the same tick; waiting for it batches them.
    await Promise.resolve();
    while (this.pending.size > 0) {
      const batch = [...this.pending].slice(0, Math.floor(READS_PER_REQUEST / this.size));
      const settle = await this.send(batch.flatMap(([, { reads }]) => reads));
      for (const [index, [id, { result }]] of batch.entries()) {
        this.pending.delete(id);
        settle(result, index * this.size);
      }
    }
    this.draining = false;
  }

  private async send(
    reads: readonly PastRead[],
  ): Promise<(result: Deferred<PastValues>, from: number) => void> {
    const success = reads.map(({ key, revision }) => ({
      request_range: { key, revision: String(revision) },
    }));
    try {
      const { responses } = await this.client.call({
        what: this.what,
        run: async ({ kv }, options) => await kv.txn({ success }, options),
      });
      const found = responses.map(({ response_range: { kvs } }) => kvs[0]);
      return (result, from) => result.resolve(found.slice(from, from + this.size));
    } catch (error) {
      return (result) => result.reject(error as Error);
    }
  }
}
