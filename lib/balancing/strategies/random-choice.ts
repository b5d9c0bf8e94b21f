import { type Endpoint } from '../../discovery/endpoint.js';
import { type Random } from '../../common/random.js';
import { type Balancer } from '../balancer.js';

/** Picks a random endpoint. It has no state, so clients that start together do not pick in the same order. */
export class RandomChoice implements Balancer {
  private list: readonly Endpoint[] = [];

  constructor(private readonly random: Random) {}

  update(endpoints: readonly Endpoint[]): void {
    this.list = endpoints;
  }

  pick(): Endpoint | undefined {
    const { list } = this;
    return list.length === 0 ? undefined : list[Math.floor(this.random() * list.length)];
  }
}
