import { type Endpoint } from '../../discovery/endpoint.js';
import { type Random } from '../../common/random.js';
import { type Balancer } from '../balancer.js';

/**
 * Picks one endpoint for as long as it is a candidate, then another at random: for clients that hold one connection.
 * Weights do not count.
 */
export class PickFirst implements Balancer {
  private current: Endpoint | undefined;

  constructor(private readonly random: Random) {}

  update(endpoints: readonly Endpoint[]): void {
    const id = this.current?.id;
    this.current =
      endpoints.find((endpoint) => endpoint.id === id) ??
      endpoints[Math.floor(this.random() * endpoints.length)];
  }

  pick(): Endpoint | undefined {
    return this.current;
  }
}
