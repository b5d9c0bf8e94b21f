import { type RetryOptions } from '../balancing/retry-options.js';
import { withoutUndefined } from '../common/without-undefined.js';
import { type AttemptContext } from './call-attempt.js';
import { type CallTarget } from './call-target.js';
import { RetryBudget } from './retry-budget.js';
import { type CallRetryOptions, type RetryPolicy, retryPolicy } from './retry-policy.js';
import { ServiceCall } from './service-call.js';
import { UnreachableEndpoints } from './unreachable-endpoints.js';

/** Options of one call that all integrations have. */
export interface ServiceCallOptions {
  /** Sends equal keys to the same endpoint, with a balancer that supports it. */
  readonly key?: string | number;
  /** Changes the service's `retry` for this call. False sends it once. */
  readonly retry?: boolean | CallRetryOptions;
}

/** What the calls to one service share: the retry policy, and the budget for retries of all its clients together. */
export class ServiceCalls {
  private retry: boolean | RetryOptions = true;
  private policy: RetryPolicy = retryPolicy();
  private budget: RetryBudget;
  /** @internal For its calls. */
  readonly unreachable: UnreachableEndpoints;

  constructor(
    readonly target: CallTarget,
    readonly context: AttemptContext,
  ) {
    this.budget = new RetryBudget(context.clock);
    this.unreachable = new UnreachableEndpoints(context);
  }

  /** The option `retry` of the service. */
  get retryOption(): boolean | RetryOptions {
    return this.retry;
  }

  /** Applies the option `retry` of the service. */
  configure(retry: boolean | RetryOptions = true): void {
    if (retry === this.retry) return;
    this.retry = retry;
    this.policy = retryPolicy(retry);
    this.budget = new RetryBudget(this.context.clock, typeof retry === 'object' ? retry : {});
  }

  /**
   * Waits for the first list of a service that was not called before, up to `bootTimeout`; undefined if there is one.
   * Without a list, the pick throws the reason.
   */
  firstList(): Promise<void> | undefined {
    const { target } = this;
    if (target.revision > 0 || target.candidates.length > 0) return undefined;
    const ignore = (): void => undefined;
    return target.ready({ min: 0 }).then(ignore, ignore);
  }

  /** Begins a call, and counts it for the budget. */
  begin({ key, retry }: ServiceCallOptions): ServiceCall {
    this.budget.onCall();
    const policy = retry === undefined ? this.policy : this.policyOf(retry);
    return new ServiceCall(this, policy, this.budget, key);
  }

  /** The policy of one call: what it leaves out is the service's. */
  private policyOf(retry: boolean | CallRetryOptions): RetryPolicy {
    const service = typeof this.retry === 'object' ? this.retry : {};
    if (typeof retry !== 'object') return retryPolicy(retry && service);
    return retryPolicy({ ...service, ...withoutUndefined(retry) });
  }
}
