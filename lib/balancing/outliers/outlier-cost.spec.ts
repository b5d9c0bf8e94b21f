import { silentLogger } from '../../common/logger.js';
import { type Endpoint } from '../../discovery/endpoint.js';
import { completeInstance } from '../../registry/instance.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { ServiceBalancing } from '../service-balancing.js';

/** How often the ids of endpoints are read during 100 failed calls of which none can be followed by an ejection. */
function readsOfFailures(size: number): number {
  let reads = 0;
  const counted = (index: number): Endpoint => {
    const id = `web-${index}`;
    const plain = completeInstance({ service: 'web', id, address: '10.0.0.1', port: 1 + index });
    const get = (): string => {
      reads += 1;
      return id;
    };
    return Object.freeze(Object.defineProperty({ ...plain }, 'id', { enumerable: true, get }));
  };
  const clock = new VirtualClock();
  const balancing = new ServiceBalancing(
    'web',
    { balancer: 'round-robin', outlierDetection: { maxEjectionPercent: 0 } },
    { clock, random: () => 0, logger: silentLogger },
  );
  const list = Object.freeze(Array.from({ length: size }, (_, index) => counted(index)));
  balancing.update(list);
  const fail = (endpoint: Endpoint, times: number): void => {
    for (let call = 0; call < times; call++) balancing.start(endpoint).done(new Error('refused'));
  };
  const [ejected, failing, succeeding] = list.slice(-3) as [Endpoint, Endpoint, Endpoint];
  balancing.start(succeeding).done();
  fail(ejected, 5);
  // One may always be ejected.
  expect(balancing.ejected).toBe(1);
  fail(failing, 5);
  reads = 0;
  fail(failing, 100);
  expect(balancing.ejected).toBe(1);
  balancing.close();
  return reads;
}

describe('outlier detection at its limit', () => {
  it('looks at no other endpoint for a failed call, however many there are', () => {
    expect(readsOfFailures(1_000)).toBe(readsOfFailures(10));
  });
});
