import { type Endpoint } from '../../discovery/endpoint.js';
import { type Random } from '../../common/random.js';
import { type Balancer } from '../balancer.js';
import { AliasTable } from './alias-table.js';

/** Picks a random endpoint, by weight. It has no state, so clients that start together do not pick in the same order. */
export class RandomChoice implements Balancer {
  private list: readonly Endpoint[] = [];
  private table: AliasTable | undefined;

  constructor(private readonly random: Random) {}

  update(endpoints: readonly Endpoint[], weights?: readonly number[]): void {
    this.list = endpoints;
    this.table = weights && new AliasTable(weights);
  }

  pick(): Endpoint | undefined {
    const { list, table } = this;
    if (list.length === 0) return undefined;
    return list[table ? table.draw(this.random) : Math.floor(this.random() * list.length)];
  }
}
