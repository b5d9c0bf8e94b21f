import { SidekickError } from '../../common/errors/index.js';

/** One endpoint failed to serve a request: not reachable, silent beyond its deadline, or without a leader. */
export class EndpointError extends SidekickError {
  readonly code = 'SIDEKICK_ETCD_ENDPOINT';

  /**
   * @param endpoint the URL, without credentials
   * @param reason why, as the connection or the server put it
   * @param unsent whether the request is proven never to have reached the server
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
