import type { ITxnRequest, ITxnResponse, IResponseHeader } from 'etcd3';
import { type Clock } from '../../common/clock.js';
import { type Random } from '../../common/random.js';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { hexId } from '../hex-id.js';
import { type KeysPort, type RequestOptions } from './keys-port.js';
import { type GrantedLease } from '../leases.js';
import { type KeyLeases } from './key-leases.js';
import { type BareKeysResponse, type KeysAction } from './node.js';
import { type Lifetime } from './tree.js';

/** Whether `error` is a {@link KeysError} 110: permission denied. */
export function isUnauthorized(error: unknown): boolean {
  return error instanceof KeysError && error.code === KeysErrorCode.Unauthorized;
}

/** Dependencies and state that the requests of one keys API share. */
export class Store {
  /** The highest revision of all responses so far. */
  revision = 0;

  constructor(
    readonly port: KeysPort,
    readonly leases: KeyLeases,
    readonly clock: Clock,
    readonly random: Random,
  ) {}

  /**
   * Runs one transaction.
   *
   * @throws as {@link KeysPort}
   */
  async txn(request: ITxnRequest, options: RequestOptions): Promise<ITxnResponse> {
    const response = await this.port.txn(request, options);
    this.revision = Math.max(this.revision, Number(response.header.revision));
    return response;
  }

  /** The lifetime of a key that was just bound to `lease`; empty without a lease. */
  lifetime(lease: GrantedLease | undefined): Lifetime {
    return lease === undefined ? {} : this.expiresIn(lease.ttl);
  }

  /** The lifetime of a key that expires in `ttl` seconds. */
  expiresIn(ttl: number): Lifetime {
    return { ttl, expiration: new Date(this.clock.wall() + ttl * 1_000) };
  }
}

/** The part of a response that every action has. */
export function bare(action: KeysAction, header: IResponseHeader): BareKeysResponse {
  return {
    action,
    index: Number(header.revision),
    clusterId: hexId(header.cluster_id),
  };
}
