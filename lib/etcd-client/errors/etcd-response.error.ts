import { SidekickError } from '../../common/errors/index.js';

/**
 * etcd answered and refused (permission denied, invalid argument, wrong password), or its answer is not what the API
 * promises. The same request would get the same answer: never retried.
 */
export class EtcdResponseError extends SidekickError {
  readonly code = 'SIDEKICK_ETCD_RESPONSE';

  /**
   * @param endpoint the URL that answered, without credentials
   * @param reason etcd's own text, such as `etcdserver: permission denied`
   * @param status the gRPC status number, such as 7; undefined where an answer is malformed
   */
  constructor(
    readonly endpoint: string,
    readonly reason: string,
    readonly status: number | undefined,
    cause?: unknown,
  ) {
    super(`${endpoint}: ${reason}`, { cause });
  }

  /** Whether the user lacks the permission. */
  get permissionDenied(): boolean {
    return this.status === 7;
  }

  /** Whether the credentials are wrong or missing. */
  get unauthenticated(): boolean {
    return this.status === 16 || /authentication failed|user name is empty/.test(this.reason);
  }

  /** Whether the lease named in the request is gone. */
  get leaseNotFound(): boolean {
    return this.reason.includes('requested lease not found');
  }

  /** Whether the revision asked for has been compacted away. */
  get compacted(): boolean {
    return this.reason.includes('required revision has been compacted');
  }
}
