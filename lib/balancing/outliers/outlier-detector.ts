import { joinHostPort } from '../../common/address.js';
import { type Timer } from '../../common/clock.js';
import { CHANNELS } from '../../common/diagnostics.js';
import { type LogFields } from '../../common/logger.js';
import { messageOf } from '../../common/thrown.js';
import { type Endpoint, isSamePlace } from '../../discovery/endpoint.js';
import { type BalancingDeps } from '../balancing-deps.js';
import { type EndpointStatistics } from '../endpoint-statistics.js';
import { type EjectionRule } from './ejection.js';
import { outliersOf } from './outlier-rates.js';
import { type OutlierSettings } from './outlier-settings.js';

/** The endpoints among which an outlier is sought. */
export interface Population {
  /** All that would be candidates if none was ejected. */
  readonly members: readonly Endpoint[];
  /** Number of members that are ejected. */
  readonly ejected: number;
  /** The statistics of an endpoint with calls. */
  find(endpoint: Endpoint): EndpointStatistics | undefined;
  /** Called when an ejection has begun or ended. @param returned the endpoint whose enforced ejection has ended */
  changed(returned?: Endpoint): void;
}

/** Largest share of an ejection's length that is added at random, so that endpoints do not return together. */
const JITTER = 0.1;

/**
 * Ejects the endpoints of one service whose calls fail while those of others succeed, and lets them return after a time
 * that grows with each ejection. Decides when a call ends; only the rules that compare rates use a timer.
 */
export class OutlierDetector {
  /** The endpoints whose last call succeeded. */
  private readonly succeeding = new Set<EndpointStatistics>();
  private readonly ejected = new Set<EndpointStatistics>();
  /** The members by id, as of the list in which one was last looked up. */
  private known: { readonly members: readonly Endpoint[]; readonly byId: ReadonlyMap<string, Endpoint> } = {
    members: [],
    byId: new Map(),
  };
  private interval: Timer | undefined;
  private atLimit = false;
  private closed = false;

  constructor(
    private readonly service: string,
    private readonly settings: OutlierSettings,
    private readonly population: Population,
    private readonly deps: BalancingDeps,
  ) {}

  /** Whether any endpoint is ejected. */
  get hasEjected(): boolean {
    return this.ejected.size > 0;
  }

  /** Whether the endpoint must not be picked. */
  isEjected(endpoint: Endpoint): boolean {
    return this.ejected.size > 0 && this.population.find(endpoint)?.ejection?.enforced === true;
  }

  /** A call to the endpoint succeeded. */
  succeeded(statistics: EndpointStatistics): void {
    statistics.consecutiveFailures = 0;
    statistics.intervalSuccesses += 1;
    if (statistics.ejection) return;
    statistics.isOnProbation = false;
    this.succeeding.add(statistics);
    this.evaluateLater();
  }

  /** A call to the endpoint failed. Calls that end during the ejection are not counted. */
  failed(statistics: EndpointStatistics, error: unknown, now: number): void {
    statistics.intervalFailures += 1;
    if (statistics.ejection) return;
    statistics.consecutiveFailures += 1;
    this.succeeding.delete(statistics);
    this.evaluateLater();
    const { consecutiveFailures, isOnProbation } = statistics;
    if (!isOnProbation && consecutiveFailures < this.settings.consecutiveFailures) return;
    if (!this.anotherSucceeds(statistics)) return;
    const last = error === undefined ? '' : ` (last: ${messageOf(error)})`;
    const reason =
      isOnProbation && consecutiveFailures === 1
        ? `as its first call after the last ejection failed${last}`
        : `after ${consecutiveFailures} failed calls in a row${last}`;
    this.eject(statistics, 'consecutive-failures', reason, now);
  }

  /** Leaves the endpoint out because it asked for it, for at most the longest ejection. */
  leaveOut(statistics: EndpointStatistics, durationMs: number, now: number): void {
    if (statistics.ejection || !(durationMs > 0)) return;
    const bounded = Math.min(durationMs, this.settings.maxEjectionMs);
    this.begin(statistics, 'retry-after', 'as its answer asked for by Retry-After', bounded, now);
  }

  /** Forgets the endpoints whose statistics have been dropped. */
  prune(): void {
    for (const each of this.succeeding)
      if (this.population.find(each.endpoint) !== each) this.succeeding.delete(each);
  }

  /** Ends all timers. */
  close(): void {
    this.closed = true;
    this.interval?.cancel();
    for (const { ejection } of this.ejected) ejection?.timer.cancel();
  }

  /**
   * Whether the last call to another endpoint succeeded. A route that fails on every instance says nothing about a single
   * one.
   */
  private anotherSucceeds(failing: EndpointStatistics): boolean {
    for (const other of this.succeeding) {
      if (other === failing) continue;
      if (this.isMember(other)) return true;
      this.succeeding.delete(other);
    }
    return false;
  }

  /** In an outage every failed call asks. An index, since a search of 10,000 endpoints takes more than a millisecond. */
  private isMember({ endpoint }: EndpointStatistics): boolean {
    const { members } = this.population;
    if (this.known.members !== members)
      this.known = { members, byId: new Map([...members].map((member) => [member.id, member])) };
    const member = this.known.byId.get(endpoint.id);
    return member !== undefined && isSamePlace(member, endpoint);
  }

  private eject(statistics: EndpointStatistics, rule: EjectionRule, reason: string, now: number): void {
    const { baseEjectionMs, maxEjectionMs, intervalMs } = this.settings;
    const healthyIntervals = Math.floor((now - statistics.returnedAt) / intervalMs);
    const ejections = Math.max(0, statistics.ejections - healthyIntervals) + 1;
    const jitter = JITTER * this.deps.random();
    const growing = Math.min(baseEjectionMs * ejections, maxEjectionMs);
    const longer = growing * (1 + jitter);
    const durationMs = longer > maxEjectionMs ? maxEjectionMs * (1 - jitter) : longer;
    if (this.begin(statistics, rule, reason, durationMs, now)) statistics.ejections = ejections;
  }

  /** Returns false when the limits allow no further ejection. */
  private begin(
    statistics: EndpointStatistics,
    rule: EjectionRule,
    reason: string,
    durationMs: number,
    now: number,
  ): boolean {
    if (this.closed || !this.isMember(statistics)) return false;
    if (!this.hasRoom(statistics, reason)) return false;
    const { enforce: enforced } = this.settings;
    const timer = this.deps.clock.after(durationMs, () => {
      this.endEjection(statistics);
    });
    statistics.ejection = { rule, enforced, durationMs, until: now + durationMs, timer };
    statistics.consecutiveFailures = 0;
    this.ejected.add(statistics);
    this.succeeding.delete(statistics);
    this.population.changed();
    const { members, ejected } = this.population;
    const seconds = (durationMs / 1_000).toFixed(1);
    const subject = this.subject(statistics);
    this.deps.logger.warn(
      enforced
        ? `Ejected ${subject} for ${seconds} s ${reason}; ${ejected} of ${members.length} endpoints are ejected.`
        : `Would eject ${subject} for ${seconds} s ${reason}; it is still picked, as \`outlierDetection.enforce\` is false.`,
      { event: 'ejected', ...this.fieldsOf(statistics), rule, enforced, durationMs },
    );
    this.publish(statistics, 'ejected');
    return true;
  }

  private endEjection(statistics: EndpointStatistics): void {
    const { ejection } = statistics;
    if (!ejection) return;
    this.publish(statistics, 'returned');
    statistics.ejection = undefined;
    statistics.returnedAt = this.deps.clock.now();
    statistics.isOnProbation = ejection.rule !== 'retry-after';
    this.ejected.delete(statistics);
    this.atLimit = false;
    if (ejection.enforced)
      this.deps.logger.log(
        `Picking ${this.subject(statistics)} again after an ejection of ${(ejection.durationMs / 1_000).toFixed(1)} s.`,
        { event: 'returned', ...this.fieldsOf(statistics), rule: ejection.rule },
      );
    this.population.changed(ejection.enforced ? statistics.endpoint : undefined);
  }

  /** One endpoint may always be ejected, the last healthy one never. */
  private hasRoom(statistics: EndpointStatistics, reason: string): boolean {
    const { members } = this.population;
    const ejected = this.settings.enforce ? this.population.ejected : this.ejected.size;
    const most = Math.max(1, Math.floor((members.length * this.settings.maxEjectionPercent) / 100));
    if (ejected + 1 <= most && ejected + 1 < members.length) return true;
    if (!this.atLimit) {
      this.atLimit = true;
      const why =
        ejected + 1 >= members.length
          ? 'it is the last healthy one'
          : `${ejected} of ${members.length} are ejected already, and \`maxEjectionPercent\` is ${this.settings.maxEjectionPercent}`;
      const fields = { event: 'not-ejected', ...this.fieldsOf(statistics) };
      this.deps.logger.warn(`Not ejecting ${this.subject(statistics)} ${reason}: ${why}.`, fields);
    }
    return false;
  }

  /** Evaluates the rules that compare endpoints one interval after the first call of the interval. */
  private evaluateLater(): void {
    const { successRate, failurePercentage, intervalMs } = this.settings;
    if (this.interval || this.closed || (!successRate && !failurePercentage)) return;
    this.interval = this.deps.clock.after(intervalMs, () => {
      this.interval = undefined;
      this.evaluate();
    });
  }

  private evaluate(): void {
    const all = this.population.members.flatMap((endpoint) => this.population.find(endpoint) ?? []);
    const now = this.deps.clock.now();
    const active = all.filter(({ ejection }) => !ejection);
    for (const { statistics, rule, reason } of outliersOf(active, this.settings, this.deps.random))
      this.eject(statistics, rule, reason, now);
    for (const statistics of all) {
      statistics.intervalSuccesses = 0;
      statistics.intervalFailures = 0;
    }
  }

  private subject({ endpoint: { id, address, port } }: EndpointStatistics): string {
    const place = joinHostPort(address, port);
    return `endpoint ${id === place ? place : `"${id}" (${place})`} of service "${this.service}"`;
  }

  private fieldsOf({ endpoint: { id, address, port } }: EndpointStatistics): LogFields {
    return { service: this.service, endpoint: id, address: joinHostPort(address, port) };
  }

  private publish({ endpoint, ejection }: EndpointStatistics, type: 'ejected' | 'returned'): void {
    if (!ejection || !CHANNELS.ejection.hasSubscribers) return;
    const { id, address, port } = endpoint;
    const { rule, enforced, durationMs } = ejection;
    CHANNELS.ejection.publish(
      Object.freeze({
        applicationId: this.deps.applicationId,
        service: this.service,
        endpoint: Object.freeze({ id, address, port }),
        type,
        rule,
        enforced,
        durationMs,
      }),
    );
  }
}
