import type { IRangeResponse } from 'etcd3';
import { EtcdResponseError } from './errors/etcd-response.error.js';
import { type EtcdCaller } from './request.js';

/** Reads with which watches verify the store. Each takes a key that the user has permission to read. */
export class StoreChecks {
  constructor(private readonly client: EtcdCaller) {}

  /**
   * The header of a linearizable read, with the current revision.
   *
   * @throws as {@link EtcdCaller.call}
   */
  async currentHeader(key: Buffer, what: string): Promise<IRangeResponse['header']> {
    return await this.read(key, what, '0');
  }

  /**
   * Whether history is compacted at `revision`. False when the cluster refuses the read for another reason.
   *
   * @throws as {@link EtcdCaller.call}, except EtcdResponseError
   */
  async isCompacted(key: Buffer, revision: bigint): Promise<boolean> {
    try {
      await this.read(key, 'checking whether history is compacted', String(revision));
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
