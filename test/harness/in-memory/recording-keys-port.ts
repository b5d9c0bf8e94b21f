import { type IKeyValue, type IResponseOp, type ITxnRequest, type ITxnResponse } from 'etcd3';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { txnInput } from '../../../lib/etcd-client/keys/txn-command.js';
import { KeysApi } from '../../../lib/etcd-client/keys/keys-api.js';
import {
  type KeysPort,
  type RequestOptions,
  type WatchedEvents,
  type WatchRange,
} from '../../../lib/etcd-client/keys/keys-port.js';

export const header = { cluster_id: '255', member_id: '1', revision: '15', raft_term: '1' };

export function kv(key: string, value: string, created: number, modified: number, lease = '0'): IKeyValue {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    create_revision: String(created),
    mod_revision: String(modified),
    version: '1',
    lease,
  };
}

export function found(...kvs: IKeyValue[]): IResponseOp {
  return {
    response_range: { header, kvs, more: false, count: String(kvs.length) },
  } as unknown as IResponseOp;
}

export function done(...responses: unknown[]): ITxnResponse {
  return { header, succeeded: true, responses: responses as IResponseOp[] };
}

export function refused(...responses: unknown[]): ITxnResponse {
  return { header, succeeded: false, responses: responses as IResponseOp[] };
}

/** Records requests and returns the given responses in order, the last one repeatedly. */
export class RecordingPort implements KeysPort {
  readonly requests: ITxnRequest[] = [];
  readonly options: RequestOptions[] = [];
  readonly leases: string[] = [];
  readonly watched: WatchRange[] = [];

  constructor(private readonly responses: (ITxnResponse | Error)[]) {}

  async txn(request: ITxnRequest, options: RequestOptions): Promise<ITxnResponse> {
    this.requests.push(request);
    this.options.push(options);
    const response = this.responses.length > 1 ? this.responses.shift() : this.responses[0];
    if (response === undefined || response instanceof Error) throw response ?? new Error('no response');
    return await Promise.resolve(response);
  }

  async grant(id: string, ttl: number): Promise<number> {
    this.leases.push(id);
    return await Promise.resolve(Math.max(2, ttl));
  }

  async revoke(id: string): Promise<void> {
    this.leases.push(`-${id}`);
    return await Promise.resolve();
  }

  async timeToLive(): ReturnType<KeysPort['timeToLive']> {
    return await Promise.resolve({ ttl: 7, keys: 0 });
  }

  async keepAlive(): Promise<number> {
    return await Promise.resolve(10);
  }

  async *watch(range: WatchRange): AsyncGenerator<WatchedEvents, void, void> {
    this.watched.push(range);
    yield await Promise.resolve({
      revision: 16,
      events: [{ type: 'Put' as const, kv: kv(range.key, 'new', 16, 16), prev_kv: null as never }],
    });
  }
}

export function api(...responses: (ITxnResponse | Error)[]) {
  const port = new RecordingPort(responses);
  const clock = new VirtualClock();
  return { port, clock, keys: new KeysApi(port, { clock, random: () => 0.5 }) };
}

export function inputLines(request: ITxnRequest | undefined): string[] {
  return txnInput(request ?? {}).split('\n');
}
