import type { IRangeResponse, IResponseOp, ITxnRequest, ITxnResponse } from 'etcd3';
import { type CallOptions } from '../call-options.js';
import { type EtcdTransport } from '../transport.js';
import { type EtcdConnection } from '../connection.js';
import { EtcdResponseError } from '../errors/index.js';
import { hexId } from '../hex-id.js';
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

/** Renews a lease once, over its own stream: etcd renews leases by stream only. */
async function keepAliveOnce({ lease }: EtcdConnection, id: string, options: CallOptions): Promise<number> {
  const stream = await lease.leaseKeepAlive(options);
  try {
    return await new Promise<number>((resolve, reject) => {
      stream.on('data', ({ TTL }) => {
        resolve(Number(TTL));
      });
      stream.on('error', reject);
      stream.on('end', () => {
        reject(new Error('14 UNAVAILABLE: the server ended the keepalive without an answer'));
      });
      stream.write({ ID: id });
    });
  } finally {
    stream.cancel();
  }
}

/** The requests of the keys API over {@link EtcdTransport}. */
export class TransportPort implements KeysPort {
  constructor(
    private readonly transport: EtcdTransport,
    private readonly watches: EtcdWatches,
  ) {}

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
    return await this.transport.call(
      {
        what: `granting a lease of ${ttl} s`,
        command: () => ['lease', 'grant', String(ttl)],
        run: async ({ lease }, options) => {
          try {
            return Number((await lease.leaseGrant({ ID: id, TTL: String(ttl) }, options)).TTL);
          } catch (error) {
            // The id is random, so the lease exists only if an earlier attempt succeeded and its response was lost.
            if (!String(error).includes('lease already exists')) throw error;
            return Number((await lease.leaseTimeToLive({ ID: id, keys: false }, options)).grantedTTL);
          }
        },
      },
      signal,
    );
  }

  async revoke(id: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.transport.call(
        {
          what: 'revoking a lease',
          command: () => ['lease', 'revoke', hexId(id)],
          run: async ({ lease }, options) => await lease.leaseRevoke({ ID: id }, options),
        },
        signal,
      );
    } catch (error) {
      if (!(error instanceof EtcdResponseError && error.leaseNotFound)) throw error;
    }
  }

  async timeToLive(
    id: string,
    keys: boolean,
    signal: AbortSignal | undefined,
  ): ReturnType<KeysPort['timeToLive']> {
    const answer = await this.transport.call(
      {
        what: 'reading the remaining TTL of a lease',
        command: () => ['lease', 'timetolive', hexId(id), ...(keys ? ['--keys'] : [])],
        run: async ({ lease }, options) => await lease.leaseTimeToLive({ ID: id, keys }, options),
      },
      signal,
    );
    const ttl = Number(answer.TTL);
    return ttl < 0 ? undefined : { ttl, keys: answer.keys.length };
  }

  async keepAlive(id: string, signal: AbortSignal | undefined): Promise<number> {
    return await this.transport.call(
      {
        what: 'renewing a lease',
        command: () => ['lease', 'keep-alive', '--once', hexId(id)],
        run: async (connection, options) => await keepAliveOnce(connection, id, options),
      },
      signal,
    );
  }
}
