import { SidekickError } from '../../common/errors/index.js';
import { type EndpointError } from './endpoint.error.js';

/**
 * No endpoint served the request. A request that is not idempotent was tried only at endpoints where it could not be
 * processed twice. `errors` contains the error of each attempt, in order.
 */
export class ClusterError extends SidekickError {
  readonly code = 'SIDEKICK_ETCD_CLUSTER';

  constructor(readonly errors: readonly EndpointError[]) {
    super(['etcd cluster is unavailable or misconfigured', ...numbered(errors)].join('; '), {
      cause: errors.at(-1),
    });
  }

  /** One line per attempt: `error #0: http://10.0.0.1:2379: connect ECONNREFUSED 10.0.0.1:2379`. */
  detail(): string {
    return numbered(this.errors)
      .map((line) => `${line}\n`)
      .join('');
  }
}

function numbered(errors: readonly EndpointError[]): string[] {
  return errors.map((error, index) => `error #${index}: ${error.message}`);
}
