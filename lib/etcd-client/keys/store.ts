import type { ITxnRequest, ITxnResponse, IResponseHeader } from 'etcd3';
import { type Clock } from '../../common/clock.js';
import { type Random } from '../../common/random.js';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { hexId } from '../hex-id.js';
import { type KeysPort, type RequestOptions } from './keys-port.js';
import { type Grant, type KeyLeases } from './key-leases.js';
import { type BareKeysResponse, type KeysAction } from './node.js';
import { type Lifetime } from './tree.js';

/** Whether `error` says that permission was denied (code 110). */
export function isUnauthorized(error: unknown): boolean {
  return error instanceof KeysError && error.code === KeysErrorCode.Unauthorized;
}

/** What the requests of one keys API share. */
export class Store {
  /** Highest revision an answer carried. */
  revision = 0;

  constructor(
    readonly port: KeysPort,
    readonly leases: KeyLeases,
    readonly clock: Clock,
    readonly random: Random,
  ) {}

  /** One transaction. */
  async txn(request: ITxnRequest, options: RequestOptions): Promise<ITxnResponse> {
    const answer = await this.port.txn(request, options);
    this.revision = Math.max(this.revision, Number(answer.header.revision));
    return answer;
  }

  /** How long a key lives that was just bound to `grant`. */
  lifetime(grant: Grant | undefined): Lifetime {
    return grant === undefined ? {} : this.secondsLeft(grant.ttl);
  }

  /** A lifetime that ends in `ttl` seconds. */
  secondsLeft(ttl: number): Lifetime {
    return { ttl, expiration: new Date(this.clock.wall() + ttl * 1_000) };
  }
}

/** The part of an answer that every action has. */
export function bare(action: KeysAction, header: IResponseHeader): BareKeysResponse {
  return {
    action,
    index: Number(header.revision),
    clusterId: hexId(header.cluster_id),
  };
}
