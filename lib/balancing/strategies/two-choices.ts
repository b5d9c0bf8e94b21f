import { type Endpoint } from '../../discovery/endpoint.js';
import { type Random } from '../../common/random.js';
import { type EndpointsDiff } from '../../discovery/service-change.js';
import { type Balancer } from '../balancer.js';
import { type EndpointStatistics } from '../endpoint-statistics.js';
import { type ServiceStatistics } from '../service-statistics.js';
import { AliasTable } from './alias-table.js';
import { sameWeights } from './same-weights.js';

/** With more removed endpoints than this, all statistics are looked up, in place of a search for each in the list. */
const MAX_SEARCHES = 16;

/** Positions that a pick corrects after a change. */
const CHECKS_A_PICK = 4;

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
  /** The statistics of the endpoint at each position; after a change also those of another one. */
  private nodes: EndpointStatistics[] = [];
  /** Up to this position, `nodes` is known to fit the list. Beyond it {@link nodeAt} compares. */
  private checked = 0;
  private weights: readonly number[] | undefined;
  private table: AliasTable | undefined;

  constructor(
    private readonly random: Random,
    protected readonly statistics: ServiceStatistics,
  ) {}

  update(endpoints: readonly Endpoint[], weights?: readonly number[], change?: EndpointsDiff): void {
    if (change && change.removed.length <= MAX_SEARCHES) this.follow(change);
    else {
      this.nodes = endpoints.map((endpoint) => this.statistics.of(endpoint));
      this.checked = endpoints.length;
    }
    // An endpoint that one change removed and added again has moved to the end. Only weights depend on positions.
    if (change && weights && (!this.weights || endpoints !== this.list)) this.checked = 0;
    this.list = endpoints;
    if (!sameWeights(weights, this.weights)) this.table = weights && new AliasTable(weights);
    this.weights = weights;
  }

  pick(): Endpoint | undefined {
    const { list, nodes, weights, table } = this;
    const { length } = list;
    if (length < 2) return list[0];
    if (this.checked < length) this.check();
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
    const { checked } = this;
    const one = first < checked ? nodes[first] : this.nodeAt(first);
    const two = second < checked ? nodes[second] : this.nodeAt(second);
    if (!one || !two) return list[first];
    // Not from the list: Node 20 reads an element of a frozen array in 5 ns.
    return (this.isBetter(two, weights?.[second] ?? 1, one, weights?.[first] ?? 1) ? two : one).endpoint;
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

  /** Corrects the next positions, so that after a change neither the change nor a pick looks at every endpoint. */
  private check(): void {
    const end = Math.min(this.checked + CHECKS_A_PICK, this.list.length);
    for (let position = this.checked; position < end; position++) this.nodeAt(position);
    this.checked = end;
  }

  /** The statistics of the endpoint at a position of the list, which is corrected where it has moved. */
  private nodeAt(position: number): EndpointStatistics | undefined {
    const endpoint = this.list[position];
    const node = this.nodes[position];
    return node === undefined || node.endpoint !== endpoint ? this.lookUp(position, endpoint) : node;
  }

  private lookUp(position: number, endpoint: Endpoint | undefined): EndpointStatistics | undefined {
    if (!endpoint) return undefined;
    // Allocates nothing: since the update that listed it, every endpoint has statistics.
    const node = this.statistics.of(endpoint);
    this.nodes[position] = node;
    return node;
  }

  private follow({ added, updated, removed }: EndpointsDiff): void {
    const { list, nodes } = this;
    const positions = removed.map((endpoint) => list.indexOf(endpoint)).sort((a, b) => b - a);
    for (const position of positions) if (position >= 0) nodes.splice(position, 1);
    let fits = removed.length === 0 && added.length === 0;
    for (const endpoint of updated) {
      // At another address it gets statistics of its own.
      fits &&= this.statistics.find(endpoint) !== undefined;
      // Makes its statistics, or gives them the new object.
      this.statistics.of(endpoint);
    }
    for (const endpoint of added) nodes.push(this.statistics.of(endpoint));
    if (!fits) this.checked = 0;
  }
}
