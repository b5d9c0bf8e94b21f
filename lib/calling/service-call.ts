import { type RetryReason } from '../balancing/retry-options.js';
import { CHANNELS } from '../common/diagnostics.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { CallAttempt, type AttemptContext } from './call-attempt.js';
import { type CallTarget } from './call-target.js';
import { type RetryBudget } from './retry-budget.js';
import { type RetryPolicy } from './retry-policy.js';

/** Why and how an attempt failed. */
export interface RetryQuestion {
  /** See `Failure.reason`. */
  readonly reason: RetryReason | undefined;
  /** Whether the request may be sent twice: it is idempotent, and its body is still there. */
  readonly repeatable: boolean;
}

const EVERY = (): boolean => true;

/**
 * One call of the application: its attempts, each at another endpoint where there is one. Knows nothing of the protocol.
 */
export class ServiceCall {
  private readonly tried: string[] = [];

  constructor(
    private readonly target: CallTarget,
    private readonly context: AttemptContext,
    readonly policy: RetryPolicy,
    private readonly budget: RetryBudget,
    private readonly key?: string | number,
  ) {}

  /** Number of attempts that have begun. */
  get attempts(): number {
    return this.tried.length;
  }

  /**
   * Begins an attempt at the next endpoint. An endpoint that was tried before is picked only when there is no other.
   *
   * @param usable excludes endpoints, such as those without the named port of the URL
   * @throws NoEndpointsError
   */
  begin(usable: (endpoint: Endpoint) => boolean = EVERY): CallAttempt {
    const endpoint = this.choose(usable);
    this.tried.push(endpoint.id);
    return new CallAttempt(this.context, endpoint, this.tried.length, this.target.start(endpoint));
  }

  /** Whether a failed attempt is followed by another one. Takes the token from the service's budget. */
  mayRetry({ reason, repeatable }: RetryQuestion): boolean {
    if (reason === undefined || this.attempts >= this.policy.attempts || !this.policy.on.has(reason))
      return false;
    return (reason === 'connect' || repeatable) && this.takeToken();
  }

  /** Takes the token for one more attempt. Reports an exhausted budget. */
  takeToken(): boolean {
    if (this.budget.take()) return true;
    const { service, applicationId, logger } = this.context;
    if (this.budget.mayWarn())
      logger.warn(
        `The retry budget of service "${service}" is spent: failed calls are not repeated until fewer fail. Its option \`retry\` sets the budget.`,
      );
    if (CHANNELS.budgetExhausted.hasSubscribers)
      CHANNELS.budgetExhausted.publish(Object.freeze({ applicationId, service }));
    if (CHANNELS.requestRetry.hasSubscribers)
      CHANNELS.requestRetry.publish(Object.freeze({ applicationId, service, result: 'exhausted' }));
    return false;
  }

  /** Whether there is an endpoint that was not tried yet. */
  hasUntried(usable: (endpoint: Endpoint) => boolean = EVERY): boolean {
    return this.target.candidates.some((endpoint) => usable(endpoint) && !this.tried.includes(endpoint.id));
  }

  private choose(usable: (endpoint: Endpoint) => boolean): Endpoint {
    const picked = this.target.pick(this.key);
    const isNew = (endpoint: Endpoint): boolean => usable(endpoint) && !this.tried.includes(endpoint.id);
    if (isNew(picked)) return picked;
    const { candidates } = this.target;
    // Starts behind the picked endpoint, so that retries are spread like picks.
    const from = candidates.indexOf(picked) + 1;
    const others = [...candidates.slice(from), ...candidates.slice(0, from)];
    return others.find(isNew) ?? (usable(picked) ? picked : (others.find(usable) ?? picked));
  }
}
