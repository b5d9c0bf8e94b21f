import { SidekickError } from '../../common/errors/index.js';

/** Neither SRV record of a domain names an etcd endpoint. */
export class EtcdDiscoveryError extends SidekickError {
  readonly code = 'SIDEKICK_ETCD_DISCOVERY';

  constructor(
    /** The domain whose records were looked up. */
    readonly domain: string,
    /** The error of each look-up. */
    readonly errors: readonly Error[],
  ) {
    const reasons = errors.map(({ message }) => message).join('; ');
    super(
      `Expected an SRV record _etcd-client-ssl._tcp.${domain} or _etcd-client._tcp.${domain} that names an etcd server, got none${reasons === '' ? '' : ` (${reasons})`}.`,
      { cause: errors[0] },
    );
  }
}
