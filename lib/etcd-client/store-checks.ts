import type { IRangeResponse } from 'etcd3';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { type EtcdCaller } from './request.js';

/** What a watch asks the store by requests of its own. Each takes a key that the user may read. */
export class StoreChecks {
  constructor(private readonly client: EtcdCaller) {}

  /**
   * The header of a linearizable read.
   *
   * @throws as {@link EtcdCaller.call}
   */
  async now(key: Buffer, what: string): Promise<IRangeResponse['header']> {
    return await this.read(key, what, '0');
  }

  /**
   * Whether history was compacted at `revision`; false where the cluster refuses the read for another reason.
   *
   * @throws as {@link EtcdCaller.call}, but for an EtcdResponseError
   */
  async isCompacted(key: Buffer, revision: bigint): Promise<boolean> {
    try {
      await this.read(key, 'checking how far history was compacted', String(revision));
      return false;
    } catch (error) {
      if (error instanceof EtcdResponseError) return error.compacted;
      throw error;
    }
  }

  private async read(key: Buffer, what: string, revision: string): Promise<IRangeResponse['header']> {
    const { header } = await this.client.call({
      what,
      run: async ({ kv }, options) => await kv.range({ key, count_only: true, revision }, options),
    });
    return header;
  }
}
