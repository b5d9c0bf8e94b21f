import { type Endpoint } from '../../discovery/endpoint.js';
import { type Random } from '../../common/random.js';
import { type Balancer } from '../balancer.js';
import { AliasTable } from './alias-table.js';
import { sameWeights } from './same-weights.js';

/** Picks a random endpoint, by weight. It has no state, so clients that start together do not pick in the same order. */
export class RandomChoice implements Balancer {
  private list: readonly Endpoint[] = [];
  private weights: readonly number[] | undefined;
  private table: AliasTable | undefined;

  constructor(private readonly random: Random) {}

  update(endpoints: readonly Endpoint[], weights?: readonly number[]): void {
    this.list = endpoints;
    if (!sameWeights(weights, this.weights)) this.table = weights && new AliasTable(weights);
    this.weights = weights;
  }

  pick(): Endpoint | undefined {
    const { list, table } = this;
    if (list.length === 0) return undefined;
    return list[table ? table.draw(this.random) : Math.floor(this.random() * list.length)];
  }
}
