import type { IKeyValue } from 'etcd3';
import { type EtcdCaller } from '../../etcd-client/request.js';
import { deferred, type Deferred } from '../../common/async/deferred.js';

/** Reads sent in one request, of the 128 that etcd allows. */
const READS_PER_REQUEST = 120;

/** A key as it was at a revision. */
export interface PastRead {
  readonly key: Buffer;
  readonly revision: bigint;
}

type Answer = readonly (IKeyValue | undefined)[];

interface Question {
  readonly reads: readonly PastRead[];
  readonly answer: Deferred<Answer>;
}

/**
 * Reads keys as they were. All watches of a registry share one: questions that are asked at the same time travel
 * together, one request at a time, and equal ones once.
 */
export class History {
  private readonly asked = new Map<string, Question>();
  private reading = false;

  /**
   * @param what what the reads are for, for messages
   * @param size reads of one question
   */
  constructor(
    private readonly client: EtcdCaller,
    private readonly what: string,
    private readonly size: number,
  ) {}

  /**
   * What the keys held then, in the order of `reads`; undefined for a key that was not there.
   *
   * @throws as {@link EtcdCaller.call}: an EtcdResponseError where a revision was compacted
   */
  async read(reads: readonly PastRead[]): Promise<Answer> {
    const id = reads.map(({ key, revision }) => `${revision}@${key.toString('latin1')}`).join('\0');
    const question = this.asked.get(id) ?? { reads, answer: deferred() };
    this.asked.set(id, question);
    if (!this.reading) void this.work();
    return await question.answer.promise;
  }

  private async work(): Promise<void> {
    this.reading = true;
    // Questions that are asked with the same batch of events travel along.
    await Promise.resolve();
    while (this.asked.size > 0) {
      const some = [...this.asked].slice(0, Math.floor(READS_PER_REQUEST / this.size));
      const settle = await this.send(some.flatMap(([, { reads }]) => reads));
      for (const [index, [id, { answer }]] of some.entries()) {
        this.asked.delete(id);
        settle(answer, index * this.size);
      }
    }
    this.reading = false;
  }

  private async send(reads: readonly PastRead[]): Promise<(answer: Deferred<Answer>, from: number) => void> {
    const success = reads.map(({ key, revision }) => ({
      request_range: { key, revision: String(revision) },
    }));
    try {
      const { responses } = await this.client.call({
        what: this.what,
        run: async ({ kv }, options) => await kv.txn({ success }, options),
      });
      const found = responses.map(({ response_range: { kvs } }) => kvs[0]);
      return (answer, from) => answer.resolve(found.slice(from, from + this.size));
    } catch (error) {
      return (answer) => answer.reject(error as Error);
    }
  }
}
