import { type Endpoint } from '../discovery/endpoint.js';
import { type Random } from '../common/random.js';
import { type Balancer } from './balancer.js';

/** Any endpoint, each as likely as the others: needs no memory, and many clients never march in step. */
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
