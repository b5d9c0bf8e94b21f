import { RoundRobin } from '../balancing/strategies/round-robin.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { expected } from '../common/expected.js';
import { NoEndpointsError } from './no-endpoints.error.js';
import { type ServiceHandle } from './service-handle.js';

/** The part of a handle that `@Service` on a handler's parameter uses. */
export type GivenHandle = Pick<ServiceHandle, 'pick'>;

/**
 * The handle from the provider of `getServiceToken(name)`. A test may provide an array of endpoints instead of a handle.
 *
 * @throws InvalidOptionError when the provider is neither a handle nor an array
 */
export function givenHandle(name: string, given: unknown): GivenHandle {
  if (Array.isArray(given)) return handleOf(name, given as readonly Endpoint[]);
  if (typeof (given as Partial<GivenHandle>).pick === 'function') return given as GivenHandle;
  throw expected(
    `the provider of getServiceToken('${name}')`,
    'a ServiceHandle, an object with `pick`, or an array of endpoints',
    given,
  );
}

function handleOf(name: string, endpoints: readonly Endpoint[]): GivenHandle {
  const balancer = new RoundRobin(() => 0);
  balancer.update(endpoints);
  return {
    pick: () => {
      const endpoint = balancer.pick();
      if (!endpoint)
        throw new NoEndpointsError(name, 'empty', `getServiceToken('${name}') provides no endpoint`);
      return endpoint;
    },
  };
}
