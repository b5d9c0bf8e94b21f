import { SidekickError } from '../../common/errors/index.js';

/** etcd no longer knows a lease: it expired or was revoked, and the keys bound to it are gone. */
export class LeaseNotFoundError extends SidekickError {
  readonly code = 'SIDEKICK_ETCD_LEASE_NOT_FOUND';

  /** @param lease its id, in decimal */
  constructor(
    readonly lease: string,
    cause?: unknown,
  ) {
    super(`etcd no longer knows lease ${lease}: it has expired or was revoked.`, { cause });
  }
}
