import { SidekickError } from '../../common/errors/index.js';

/** A lease has expired or was revoked, and etcd has deleted the keys bound to it. */
export class LeaseNotFoundError extends SidekickError {
  readonly code = 'SIDEKICK_ETCD_LEASE_NOT_FOUND';

  /** @param lease the id, in decimal */
  constructor(
    readonly lease: string,
    cause?: unknown,
  ) {
    super(`etcd no longer knows lease ${lease}: it has expired or was revoked.`, { cause });
  }
}
