import { type Endpoint } from '../../discovery/endpoint.js';
import { type Random } from '../../common/random.js';
import { type Balancer } from '../balancer.js';
import { type EndpointStatistics } from '../endpoint-statistics.js';
import { type ServiceStatistics } from '../service-statistics.js';
import { AliasTable } from './alias-table.js';

/** Draws after which another endpoint than the first is taken, whatever its weight. */
const MAX_DRAWS = 8;

/**
 * Draws two endpoints by weight and picks the better one, or the first where they are equal: nearly as even as the best of
 * all, without the herd that a single best one attracts.
 *
 * @see https://www.eecs.harvard.edu/~michaelm/postscripts/tpds2001.pdf
 */
export abstract class TwoChoices implements Balancer {
  private list: readonly Endpoint[] = [];
  private nodes: readonly EndpointStatistics[] = [];
  private weights: readonly number[] | undefined;
  private table: AliasTable | undefined;

  constructor(
    private readonly random: Random,
    protected readonly statistics: ServiceStatistics,
  ) {}

  update(endpoints: readonly Endpoint[], weights?: readonly number[]): void {
    this.nodes = this.nodesOf(endpoints);
    this.list = endpoints;
    this.weights = weights;
    this.table = weights && new AliasTable(weights);
  }

  pick(): Endpoint | undefined {
    const { list, nodes, weights, table } = this;
    const { length } = list;
    if (length < 2) return list[0];
    let first: number;
    let second: number;
    if (table) {
      first = table.draw(this.random);
      second = this.other(first, table);
    } else {
      // One random number serves both draws: its integer part, and what is left of it.
      const at = this.random() * length;
      first = Math.floor(at);
      second = Math.floor((at - first) * (length - 1));
      if (second >= first) second += 1;
    }
    const one = nodes[first];
    const two = nodes[second];
    if (!one || !two) return list[first];
    return list[this.isBetter(two, weights?.[second] ?? 1, one, weights?.[first] ?? 1) ? second : first];
  }

  /** Whether a call should go to `two` rather than to `one`. */
  protected abstract isBetter(
    two: EndpointStatistics,
    weightOfTwo: number,
    one: EndpointStatistics,
    weightOfOne: number,
  ): boolean;

  private other(first: number, table: AliasTable): number {
    const { length } = this.list;
    if (length === 2) return 1 - first;
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const second = table.draw(this.random);
      if (second !== first) return second;
    }
    return (first + 1) % length;
  }

  /** The statistics of the endpoints in order. Most endpoints of a new list are those of the list before, in order. */
  private nodesOf(endpoints: readonly Endpoint[]): readonly EndpointStatistics[] {
    const { list, nodes } = this;
    let before = 0;
    return endpoints.map((endpoint) => {
      if (list[before] !== endpoint && list[before + 1] === endpoint) before += 1;
      const known = list[before] === endpoint ? nodes[before] : undefined;
      if (known || list[before]?.id === endpoint.id) before += 1;
      return known ?? this.statistics.of(endpoint);
    });
  }
}
