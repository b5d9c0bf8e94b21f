import type { IRangeResponse, IResponseOp, ITxnRequest, ITxnResponse } from 'etcd3';
import { type EtcdTransport } from '../transport.js';
import { LeaseNotFoundError } from '../errors/index.js';
import { EtcdLeases, type LeaseLifetime } from '../leases.js';
import { asKeysError } from './as-keys-error.js';
import { singleRead, txnCommand, txnInput, txnTitle } from './txn-command.js';
import { type KeysPort, type RequestOptions, type WatchedEvents, type WatchRange } from './keys-port.js';
import { watchRange } from './watch-range.js';
import { type EtcdWatches } from '../watches.js';

function asTxnResponse(range: IRangeResponse): ITxnResponse {
  return {
    header: range.header,
    succeeded: true,
    responses: [{ response_range: range } as IResponseOp],
  };
}

/** The requests of the keys API over {@link EtcdTransport}. */
export class TransportPort implements KeysPort {
  private readonly leases: EtcdLeases;

  constructor(
    private readonly transport: EtcdTransport,
    private readonly watches: EtcdWatches,
  ) {
    this.leases = new EtcdLeases(transport);
  }

  watch(range: WatchRange, signal: AbortSignal): AsyncIterable<WatchedEvents> {
    return watchRange(this.watches, range, signal);
  }

  async txn(request: ITxnRequest, { signal, oneShot }: RequestOptions): Promise<ITxnResponse> {
    const single = singleRead(request);
    try {
      return await this.transport.call(
        {
          what: txnTitle(request),
          oneShot,
          // A serializable read may be stale, so a member without a leader may serve it.
          requireLeader: single?.serializable !== true,
          command: () => txnCommand(request),
          ...(single ? {} : { input: () => txnInput(request) }),
          run: async ({ kv }, options) =>
            single ? asTxnResponse(await kv.range(single, options)) : await kv.txn(request, options),
        },
        signal,
      );
    } catch (error) {
      throw asKeysError(error);
    }
  }

  async grant(id: string, ttl: number, signal: AbortSignal | undefined): Promise<number> {
    return (await this.leases.grant(ttl, { id }, signal)).ttl;
  }

  async revoke(id: string, signal: AbortSignal | undefined): Promise<void> {
    await this.leases.revoke(id, signal);
  }

  async timeToLive(
    id: string,
    keys: boolean,
    signal: AbortSignal | undefined,
  ): Promise<LeaseLifetime | undefined> {
    return await this.leases.timeToLive(id, keys, signal);
  }

  async keepAlive(id: string, signal: AbortSignal | undefined): Promise<number> {
    try {
      return await this.leases.renew(id, { once: true }, signal);
    } catch (error) {
      if (error instanceof LeaseNotFoundError) return 0;
      throw error;
    }
  }
}
