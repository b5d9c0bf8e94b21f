import { type RetryReason } from '../balancing/retry-options.js';
import { CHANNELS } from '../common/diagnostics.js';
import { messageOf } from '../common/thrown.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { CallAttempt, type AttemptContext, UNKNOWN_PORT } from './call-attempt.js';
import { type CallTarget } from './call-target.js';
import { type RetryBudget } from './retry-budget.js';
import { type RetryPolicy } from './retry-policy.js';
import { type UnreachableEndpoints } from './unreachable-endpoints.js';

/** Why and how an attempt failed. */
export interface RetryQuestion {
  /** See `Failure.reason`. */
  readonly reason: RetryReason | undefined;
  /** Whether the request may be sent twice: it is idempotent, and its body is still there. */
  readonly repeatable: boolean;
  /** The error of the attempt, for the warning about a spent budget. */
  readonly error?: unknown;
}

/** What the calls to a service share. */
export interface CallShare {
  readonly target: CallTarget;
  readonly context: AttemptContext;
  readonly unreachable: UnreachableEndpoints;
}

/** The port that a call uses; undefined for an endpoint that has none of that name, and must not be picked. */
export type PortOf = (endpoint: Endpoint) => number | undefined;

/** For clients that may use any port. */
const ANY_PORT: PortOf = () => UNKNOWN_PORT;

/** How often another endpoint is picked in place of one that is not wanted, before the candidates are searched. */
const MAX_PICKS = 3;

/**
 * One call of the application: its attempts, each at another endpoint where there is one. Knows nothing of the protocol.
 */
export class ServiceCall {
  private begun = 0;
  /** Ids of the endpoints of the attempts. Most calls have one, and need no array. */
  private firstTried = '';
  private tried: string[] | undefined = undefined;
  /** 1 if the first attempt probed an unreachable endpoint for all calls. It does not count as an attempt of this one. */
  private probes = 0;

  constructor(
    private readonly share: CallShare,
    readonly policy: RetryPolicy,
    private readonly budget: RetryBudget,
    private readonly key: string | number | undefined,
  ) {}

  /** Number of attempts that have begun. */
  get attempts(): number {
    return this.begun;
  }

  /**
   * Begins an attempt at the next endpoint. An endpoint that was tried before, or that cannot be connected to, is picked
   * only when there is no other.
   *
   * @throws NoEndpointsError
   */
  begin(portOf: PortOf = ANY_PORT): CallAttempt {
    const { target, context, unreachable } = this.share;
    const first = target.pick(this.key);
    const endpoint = this.isGoodFirst(first, portOf) ? first : this.choose(first, portOf);
    this.begun += 1;
    if (this.begun === 1) this.firstTried = endpoint.id;
    else (this.tried ??= [this.firstTried]).push(endpoint.id);
    const port = portOf(endpoint) ?? UNKNOWN_PORT;
    // A retry goes to such an endpoint only when no other is left. If it did not count, the call would have no end while
    // all of them are unreachable: when the last one has failed, the time of the first one has come again.
    if (unreachable.onAttempt(endpoint, port) && this.begun === 1) this.probes = 1;
    const call = target.start(endpoint);
    return new CallAttempt(context, endpoint, this.begun, call, undefined, unreachable, port);
  }

  /** Whether a failed attempt is followed by another one. Takes the token from the service's budget. */
  mayRetry({ reason, repeatable, error }: RetryQuestion): boolean {
    const { attempts, on } = this.policy;
    if (reason === undefined || this.attempts - this.probes >= attempts || !on.has(reason)) return false;
    return (reason === 'connect' || repeatable) && this.takeToken(error ?? reason);
  }

  /**
   * Takes the token for one more attempt. Reports an exhausted budget.
   *
   * @param last the failure, if one is the reason
   */
  takeToken(last?: unknown): boolean {
    const { budget } = this;
    const { context } = this.share;
    if (budget.take()) return true;
    const { service, applicationId, logger } = context;
    if (budget.mayWarn()) {
      const { calls, retries } = budget.window;
      const failure = last === undefined ? '' : ` (last failure: ${failureText(last)})`;
      logger.warn(
        `The retry budget of service "${service}" is spent by ${retries} retries of ${calls} calls in 10 s${failure}: failed calls are not repeated until fewer fail. Its option \`retry\` sets the budget.`,
      );
    }
    if (CHANNELS.budgetExhausted.hasSubscribers)
      CHANNELS.budgetExhausted.publish(Object.freeze({ applicationId, service }));
    if (CHANNELS.requestRetry.hasSubscribers)
      CHANNELS.requestRetry.publish(Object.freeze({ applicationId, service, result: 'exhausted' }));
    return false;
  }

  /** Whether there is an endpoint that was not tried yet. */
  hasUntried(portOf: PortOf): boolean {
    return this.share.target.candidates.some(
      (endpoint) => portOf(endpoint) !== undefined && !this.hasTried(endpoint),
    );
  }

  /** Not a part of {@link choose}, whose functions would cost every first attempt. */
  private isGoodFirst(endpoint: Endpoint, portOf: PortOf): boolean {
    if (this.begun > 0) return false;
    const port = portOf(endpoint);
    return port !== undefined && !this.share.unreachable.isAvoided(endpoint, port);
  }

  private choose(first: Endpoint, portOf: PortOf): Endpoint {
    const { target, unreachable } = this.share;
    const { key } = this;
    const isUsable = (endpoint: Endpoint): boolean => portOf(endpoint) !== undefined;
    const isNew = (endpoint: Endpoint): boolean => isUsable(endpoint) && !this.hasTried(endpoint);
    const isRetry = this.attempts > 0;
    const isGood = (endpoint: Endpoint): boolean => {
      const port = portOf(endpoint);
      if (port === undefined || this.hasTried(endpoint)) return false;
      return !(isRetry ? unreachable.has(endpoint, port) : unreachable.isAvoided(endpoint, port));
    };
    let picked = first;
    // Picking again spreads the calls that an endpoint misses over all others. Its neighbour would get them all.
    for (let picks = 1; !isGood(picked); picks++) {
      picked = picks < MAX_PICKS ? target.pick(key) : first;
      if (picked === first) return this.search(first, [isGood, isNew, isUsable]);
    }
    return picked;
  }

  /** Returns a candidate that meets the earliest condition which any of them meets; of several, the next from `first` on. */
  private search(first: Endpoint, conditions: readonly ((endpoint: Endpoint) => boolean)[]): Endpoint {
    const { candidates } = this.share.target;
    const from = Math.max(0, candidates.indexOf(first));
    const all = [...candidates.slice(from), ...candidates.slice(0, from)];
    for (const meets of conditions) {
      const endpoint = meets(first) ? first : all.find(meets);
      if (endpoint) return endpoint;
    }
    return first;
  }

  private hasTried({ id }: Endpoint): boolean {
    return this.begun > 0 && (this.tried?.includes(id) ?? id === this.firstTried);
  }
}

function failureText(failure: unknown): string {
  return typeof failure === 'number' ? `status ${failure}` : messageOf(failure);
}
