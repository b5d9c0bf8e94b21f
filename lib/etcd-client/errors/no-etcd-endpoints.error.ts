import { InvalidOptionError } from '../../common/errors/index.js';

/** No etcd endpoint is configured. */
export class NoEtcdEndpointsError extends InvalidOptionError {
  override readonly code = 'SIDEKICK_ETCD_NO_ENDPOINTS';

  constructor() {
    super(
      'Expected `endpoints` to name at least one etcd server, such as "http://127.0.0.1:2379", got none.',
    );
  }
}
