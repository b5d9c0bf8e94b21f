import { type Endpoint } from '../../discovery/endpoint.js';
import { type Random } from '../../common/random.js';
import { type EndpointsDiff } from '../../discovery/service-change.js';
import { type Balancer } from '../balancer.js';

/**
 * Picks one endpoint for as long as it is a candidate, then another at random: for clients that hold one connection.
 * Weights do not count.
 */
export class PickFirst implements Balancer {
  private current: Endpoint | undefined;

  constructor(private readonly random: Random) {}

  update(endpoints: readonly Endpoint[], _weights?: readonly number[], change?: EndpointsDiff): void {
    const { current } = this;
    const kept = current && (change ? afterChange(current, change) : withId(endpoints, current.id));
    this.current = kept ?? endpoints[Math.floor(this.random() * endpoints.length)];
  }

  pick(): Endpoint | undefined {
    return this.current;
  }
}

/** What `current` is after a change; undefined when it is gone. */
function afterChange(current: Endpoint, { updated, removed }: EndpointsDiff): Endpoint | undefined {
  if (withId(removed, current.id)) return undefined;
  return withId(updated, current.id) ?? current;
}

function withId(endpoints: readonly Endpoint[], id: string): Endpoint | undefined {
  for (const endpoint of endpoints) if (endpoint.id === id) return endpoint;
  return undefined;
}
