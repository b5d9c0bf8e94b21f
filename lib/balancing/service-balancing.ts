import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type Balancer } from './balancer.js';
import { type Call, type CallOutcome } from './call.js';
import { preferZone, weightsOf, withWeight } from './candidates.js';
import { type BalancerOption, createBalancer } from './create-balancer.js';
import { type OutlierDetectionOptions } from './outliers/outlier-options.js';
import { ServiceStatistics } from './service-statistics.js';
import { type CallListener, TrackedCall } from './tracked-call.js';

/** How the endpoints of a service are chosen from. */
export interface BalancingOptions {
  readonly balancer: BalancerOption;
  readonly zone?: string | undefined;
  readonly subset?: number | undefined;
  /** Seconds. */
  readonly slowStart?: number | undefined;
  readonly outlierDetection?: boolean | OutlierDetectionOptions | undefined;
}

/** Dependencies of a {@link ServiceBalancing}. */
export interface BalancingDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string | undefined;
}

const NONE: readonly Endpoint[] = Object.freeze([]);

/**
 * Chooses among the endpoints of one service: keeps the list of candidates, gives it to the balancer, and counts calls.
 */
export class ServiceBalancing implements CallListener {
  readonly balancer: Balancer;
  private readonly statistics = new ServiceStatistics();
  private readonly listeners = new Set<(candidates: readonly Endpoint[]) => void>();
  private list = NONE;
  private current = NONE;

  /** @throws InvalidOptionError when the option `balancer` is invalid */
  constructor(
    readonly service: string,
    private readonly options: BalancingOptions,
    private readonly deps: BalancingDeps,
  ) {
    this.balancer = createBalancer(options.balancer, { service, random: deps.random });
  }

  /** The endpoints that the balancer picks from, frozen. */
  get candidates(): readonly Endpoint[] {
    return this.current;
  }

  /** Receives a new list of the service, frozen. */
  update(list: readonly Endpoint[]): void {
    this.list = list;
    this.statistics.prune(list, ({ inFlight }) => inFlight > 0);
    this.refresh();
  }

  /** Counts a call to `endpoint` until its `done`. */
  start(endpoint: Endpoint): Call {
    const now = this.deps.clock.now();
    this.statistics.now = now;
    return new TrackedCall(this.statistics.of(endpoint), now, this, this.balancer.start?.(endpoint));
  }

  /** Called by a call when it ends. */
  ended({ statistics }: TrackedCall, outcome: CallOutcome): void {
    this.statistics.now = this.deps.clock.now();
    if (outcome === 'failure') statistics.failures += 1;
  }

  /** Calls `listener` with each further list of candidates. Returns a function that removes it. */
  onCandidates(listener: (candidates: readonly Endpoint[]) => void): () => void {
    const own = (candidates: readonly Endpoint[]): void => {
      listener(candidates);
    };
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  /** Ends all timers. The last candidates can still be picked from. */
  close(): void {
    this.listeners.clear();
  }

  private refresh(): void {
    const before = this.current;
    const members = preferZone(withWeight(this.list), this.options.zone, () => true);
    this.current = members === this.list ? members : Object.freeze(members);
    this.balancer.update(this.current, weightsOf(this.current));
    if (sameEndpoints(before, this.current)) return;
    for (const listener of [...this.listeners]) listener(this.current);
  }
}

function sameEndpoints(one: readonly Endpoint[], other: readonly Endpoint[]): boolean {
  return one === other || (one.length === other.length && one.every((each, index) => each === other[index]));
}
