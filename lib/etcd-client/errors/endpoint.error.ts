import { SidekickError } from '../../common/errors/index.js';

/** One endpoint did not serve a request: it is unreachable, exceeded its deadline, or has no leader. */
export class EndpointError extends SidekickError {
  readonly code = 'SIDEKICK_ETCD_ENDPOINT';

  /**
   * @param endpoint the URL, without credentials
   * @param reason the reason that the connection or the server gave
   * @param unsent whether the request is proven to have had no effect
   */
  constructor(
    readonly endpoint: string,
    readonly reason: string,
    readonly unsent: boolean,
    cause?: unknown,
  ) {
    super(`${endpoint}: ${reason}`, { cause });
  }
}
