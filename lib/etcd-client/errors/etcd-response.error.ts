import { SidekickError } from '../../common/errors/index.js';

/**
 * etcd refused a request (permission denied, invalid argument, wrong password), or its response violates the API. Never
 * retried, since the same request would get the same response.
 */
export class EtcdResponseError extends SidekickError {
  readonly code = 'SIDEKICK_ETCD_RESPONSE';

  /**
   * @param endpoint the URL that answered, without credentials
   * @param reason etcd's own reason, such as `etcdserver: permission denied`
   * @param status the gRPC status code, such as 7; undefined for a malformed response
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

  /** Whether the lease in the request does not exist. */
  get leaseNotFound(): boolean {
    return this.reason.includes('requested lease not found');
  }

  /** Whether the requested revision has been compacted. */
  get compacted(): boolean {
    return this.reason.includes('required revision has been compacted');
  }
}
