import { messageOf, stackOf } from '../common/thrown.js';
import { type Endpoint, isSamePlace } from '../discovery/endpoint.js';
import {
  isEmptyDiff,
  type ListStep,
  type ListUpdate,
  newList,
  sameList,
} from '../discovery/service-change.js';
import { type Balancer } from './balancer.js';
import { type BalancingDeps } from './balancing-deps.js';
import { type Call, type CallDetails, type CallOutcome } from './call.js';
import { equalWeight, isPanic, sameEndpoints, weightAfter, weightsOf } from './candidates.js';
import { type BalancerOption, createBalancer, releaseBalancer } from './create-balancer.js';
import { type EndpointStatistics } from './endpoint-statistics.js';
import { ListPart } from './list-part.js';
import { Members, type MembersOptions } from './members.js';
import { OutlierDetector, type Population } from './outliers/outlier-detector.js';
import { type OutlierDetectionOptions } from './outliers/outlier-options.js';
import { outlierSettings } from './outliers/outlier-settings.js';
import { ServiceStatistics } from './service-statistics.js';
import { SlowStart } from './slow-start.js';
import { type CallListener, TrackedCall } from './tracked-call.js';

/** How the endpoints of a service are chosen from. */
export interface BalancingOptions extends MembersOptions {
  readonly balancer: BalancerOption;
  /** Seconds. */
  readonly slowStart?: number | undefined;
  readonly outlierDetection?: boolean | OutlierDetectionOptions | undefined;
}

/** What is known of one endpoint from the calls to it. */
export interface EndpointStatus {
  /** `ejected`: left out by outlier detection. */
  readonly state: 'active' | 'ejected';
  /** Calls in progress. */
  readonly inFlight: number;
  /** Calls that have started. */
  readonly calls: number;
  /** Calls that ended as a failure. */
  readonly failures: number;
  /** Sum of the durations of all calls that have ended, in milliseconds. */
  readonly totalMs: number;
  /** Average latency of the last calls in milliseconds, as `peak-ewma` compares it; missing before the end of the first. */
  readonly latencyMs?: number;
  /** Seconds until the end of an ejection, also of one that is not enforced. */
  readonly ejectedFor?: number;
}

/** The status of an endpoint without calls. */
export const UNUSED: EndpointStatus = Object.freeze({
  state: 'active',
  inFlight: 0,
  calls: 0,
  failures: 0,
  totalMs: 0,
});

const NONE: readonly Endpoint[] = Object.freeze([]);

/** A call to an endpoint that is not listed. */
const NOT_COUNTED: Call = Object.freeze({ done: () => undefined });

/** A failure counts as at least this long: an endpoint that fails fast must not seem fast. */
const MIN_FAILURE_MS = 1_000;

/**
 * Chooses among the endpoints of one service: keeps the list of candidates, gives it to the balancer, counts the calls
 * and ejects outliers.
 */
export class ServiceBalancing implements CallListener, Population {
  readonly balancer: Balancer;
  private readonly statistics = new ServiceStatistics();
  private readonly listeners = new Set<(candidates: readonly Endpoint[]) => void>();
  private readonly detector: OutlierDetector | undefined;
  private readonly slowStart: SlowStart | undefined;
  private readonly unsubscribe: (() => void) | undefined;
  private readonly panicThreshold: number;
  private list = NONE;
  /** The weight of every endpoint of the list; undefined when they differ. */
  private weight: number | undefined;
  private readonly membersPart: Members;
  private readonly healthyPart: ListPart;
  private eligible = NONE;
  private ejectedMembers = 0;
  private current = NONE;
  private panicking = false;
  /** Whether the balancer has taken its first list, and the last one. */
  private hasBegun = false;
  private hasTaken = true;
  private closed = false;

  /** @throws InvalidOptionError when the option `balancer` is invalid */
  constructor(
    readonly service: string,
    readonly options: BalancingOptions,
    private readonly deps: BalancingDeps,
  ) {
    const { clock, random } = deps;
    this.balancer = createBalancer(options.balancer, { service, clock, random, statistics: this.statistics });
    const settings = outlierSettings(options.outlierDetection);
    this.panicThreshold = settings?.panicThreshold ?? 0;
    this.detector = settings && new OutlierDetector(service, settings, this, deps);
    this.slowStart = this.makeSlowStart();
    const isEjected = (endpoint: Endpoint): boolean => this.detector?.isEjected(endpoint) ?? false;
    this.membersPart = new Members(options, deps.locality, isEjected);
    this.healthyPart = new ListPart((endpoint) => !isEjected(endpoint));
    if (options.zone === 'auto' || options.subset !== undefined)
      this.unsubscribe = deps.locality?.subscribe(() => {
        this.refresh();
      });
  }

  /** The endpoints that the balancer picks from, frozen. */
  get candidates(): readonly Endpoint[] {
    return this.current;
  }

  /** The endpoints that would be candidates if none was ejected. */
  get members(): readonly Endpoint[] {
    return this.eligible;
  }

  /** Number of members that are ejected. */
  get ejected(): number {
    return this.ejectedMembers;
  }

  /** Whether so many members are ejected that all of them are picked. */
  get panic(): boolean {
    return this.panicking;
  }

  /** The statistics of an endpoint with calls; undefined before the first. */
  find(endpoint: Endpoint): EndpointStatistics | undefined {
    return this.statistics.find(endpoint);
  }

  /** What is known of an endpoint, for operators. */
  statusOf(endpoint: Endpoint): EndpointStatus {
    const statistics = this.find(endpoint);
    if (!statistics) return UNUSED;
    const { inFlight, calls, failures, totalMs, ejection } = statistics;
    const now = this.deps.clock.now();
    return {
      state: ejection?.enforced ? 'ejected' : 'active',
      inFlight,
      calls,
      failures,
      totalMs,
      ...(statistics.hasLatency ? { latencyMs: statistics.latencyOf(now) } : {}),
      ...(ejection ? { ejectedFor: Math.max(0, ejection.until - now) / 1_000 } : {}),
    };
  }

  /**
   * Receives a new list of the service, frozen. Does nothing after {@link close}: a balancer could start a timer again.
   *
   * @param step how the list was made, if that is known: then endpoints that have not changed are not looked at
   */
  update(list: readonly Endpoint[], step?: ListStep): void {
    if (this.closed) return;
    const known = step?.previous === this.list ? step : undefined;
    this.weight = known && this.weight !== undefined ? weightAfter(this.weight, known) : equalWeight(list);
    this.list = list;
    if (this.statistics.prune(list, known)) this.detector?.prune();
    this.slowStart?.update(list, known);
    this.refresh(known ? { ...known, endpoints: list } : newList(list));
  }

  /** Counts a call to `endpoint` until its `done`. */
  start(endpoint: Endpoint): Call {
    const now = this.deps.clock.now();
    this.statistics.now = now;
    const statistics = this.statistics.find(endpoint) ?? this.unknown(endpoint);
    if (!statistics) return NOT_COUNTED;
    return new TrackedCall(statistics, now, this, this.balancer.start?.(endpoint));
  }

  /** Called by a call when it ends. */
  ended(
    { statistics, startedAt }: TrackedCall,
    outcome: CallOutcome,
    error: unknown,
    details: CallDetails | undefined,
  ): void {
    const now = this.deps.clock.now();
    const durationMs = now - startedAt;
    this.statistics.now = now;
    statistics.totalMs += durationMs;
    if (outcome === 'success') {
      statistics.observe(durationMs, now);
      this.detector?.succeeded(statistics);
    } else if (outcome === 'failure') {
      statistics.failures += 1;
      statistics.observe(Math.max(durationMs, MIN_FAILURE_MS), now);
      this.detector?.failed(statistics, error, now);
    } else statistics.observeAtLeast(durationMs, now);
    if (details?.retryAfterMs !== undefined) this.detector?.leaveOut(statistics, details.retryAfterMs, now);
  }

  /** Calls `listener` with each further list of candidates. Returns a function that removes it. */
  onCandidates(listener: (candidates: readonly Endpoint[]) => void): () => void {
    const own = (candidates: readonly Endpoint[]): void => {
      listener(candidates);
    };
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }

  /** Called when an ejection has begun or ended. */
  changed(returned?: Endpoint): void {
    if (returned) this.slowStart?.returned(returned);
    this.membersPart.ejectionsChanged();
    this.healthyPart.reset();
    this.refresh();
  }

  /** Ends all timers. The last candidates can still be picked from. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.unsubscribe?.();
    this.slowStart?.close();
    this.detector?.close();
    this.balancer.close?.();
    releaseBalancer(this.balancer);
    this.listeners.clear();
  }

  /**
   * The statistics of an endpoint that has none yet. Undefined for a former address, which a caller may have picked before a
   * change: it must not replace the statistics of the listed endpoint.
   */
  private unknown(endpoint: Endpoint): EndpointStatistics | undefined {
    if (!this.statistics.has(endpoint.id)) return this.statistics.of(endpoint);
    const listed = this.list.find(({ id }) => id === endpoint.id);
    return listed && isSamePlace(listed, endpoint) ? this.statistics.of(listed) : undefined;
  }

  private refresh(list: ListUpdate = sameList(this.list)): void {
    const before = this.current;
    const hasEjected = this.detector?.hasEjected ?? false;
    const members = this.membersPart.follow(list, this.weight !== undefined, hasEjected);
    this.eligible = members.endpoints;
    const healthy = hasEjected ? this.healthyPart.follow(members) : members;
    this.ejectedMembers = members.endpoints.length - healthy.endpoints.length;
    const panic = isPanic(members.endpoints.length, this.ejectedMembers, this.panicThreshold);
    const candidates = panic ? members : healthy;
    this.current = candidates.endpoints;
    const change = candidates.previous === before ? candidates : undefined;
    this.giveList(change);
    this.reportPanic(panic);
    if (change ? isEmptyDiff(change) : sameEndpoints(before, this.current)) return;
    for (const listener of [...this.listeners]) listener(this.current);
  }

  /**
   * Gives the candidates to the balancer. Ends of calls and timers change them too, so an error of the application's own
   * balancer is logged: it would fail a call or end the process. Only the first list is given by the caller that made it.
   */
  private giveList(change: ListStep | undefined): void {
    const { service, current } = this;
    try {
      this.balancer.update(current, this.weights(), this.hasTaken ? change : undefined);
      this.hasTaken = true;
    } catch (error) {
      if (!this.hasBegun) throw error;
      if (this.hasTaken)
        this.deps.logger.error(
          `The balancer of service "${service}" failed to take a list (endpoints: ${current.length}), and may pick from the one before: ${messageOf(error)}`,
          stackOf(error),
        );
      this.hasTaken = false;
    }
    this.hasBegun = true;
  }

  private weights(): readonly number[] | undefined {
    const { slowStart } = this;
    if (this.weight !== undefined && (!slowStart || slowStart.isIdle)) return undefined;
    return weightsOf(this.current, slowStart && ((endpoint) => slowStart.shareOf(endpoint)));
  }

  private makeSlowStart(): SlowStart | undefined {
    const { slowStart = 0, balancer } = this.options;
    if (slowStart === 0) return undefined;
    if (balancer === 'maglev' || balancer === 'pick-first') {
      this.deps.logger.warn(
        `Ignoring \`slowStart\` of service "${this.service}": with the balancer ${balancer}, shares cannot grow.`,
      );
      return undefined;
    }
    return new SlowStart(slowStart * 1_000, this.deps.clock, () => {
      // Only weights have changed.
      this.giveList(sameList(this.current));
    });
  }

  private reportPanic(panic: boolean): void {
    if (panic === this.panicking) return;
    this.panicking = panic;
    const { members, ejected, service, panicThreshold } = this;
    if (panic)
      this.deps.logger.warn(
        `Service "${service}" has ${members.length - ejected} healthy of ${members.length} endpoints, below \`panicThreshold\` (${panicThreshold} %): picking all of them, ejected or not.`,
        { event: 'panic', service, endpoints: members.length, ejected },
      );
    else
      this.deps.logger.log(
        `Service "${service}" has enough healthy endpoints again; ejected ones are left out.`,
        { event: 'panic-ended', service, endpoints: members.length, ejected },
      );
  }
}
