import { type Failure, isIdempotent } from '../../calling/failure.js';
import { type ServiceCall } from '../../calling/service-call.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { DeadlineExceededError } from '../../common/errors/index.js';
import { retryAfterMs } from '../retry-after.js';
import { type Route } from '../routes.js';
import { type CallerHandler } from './attempt-events.js';
import { type Dispatch, type DispatchOptions } from './dispatch.js';
import { type AttemptOwner, HttpAttempt } from './http-attempt.js';
import { type RepeatableBody, repeatableBody } from './repeatable-body.js';
import { forService } from './request-headers.js';

/** Extra attempts in parallel, for requests whose slowest answers matter. */
export interface HedgeOptions {
  /** Seconds without an answer after which the request is also sent to another endpoint. */
  readonly delay: number;
  /**
   * Extra attempts of one call.
   *
   * @default 1
   */
  readonly max?: number;
}

const NO_ATTEMPTS: readonly HttpAttempt[] = Object.freeze([]);

/** The terms of one request. */
export interface RequestTerms {
  readonly route: Route;
  readonly call: ServiceCall;
  readonly clock: Clock;
  /** Milliseconds for all attempts together; `Infinity` for no limit. */
  readonly timeoutMs: number;
  readonly hedge: HedgeOptions | undefined;
  /** Sends one attempt. */
  readonly dispatch: Dispatch;
}

/**
 * One request to a service through undici's interface: sends it to an endpoint, and to another one where that is safe. The
 * application's handler sees a single request: one start, one response or one error.
 */
export class ServiceRequest implements AttemptOwner {
  /** Most calls have one. A set costs several times as much. */
  private live: readonly HttpAttempt[] = NO_ATTEMPTS;
  private readonly headers: unknown;
  private readonly body: RepeatableBody;
  private readonly maySendTwice: boolean;
  private chosen: HttpAttempt | undefined;
  private isOver = false;
  private deadline: Timer | undefined;
  private hedgeTimer: Timer | undefined;
  private hedges = 0;

  constructor(
    private readonly terms: RequestTerms,
    private readonly given: DispatchOptions,
    private readonly caller: CallerHandler,
  ) {
    const { headers, hasIdempotencyKey } = forService(given.headers, terms.route.host);
    this.headers = headers;
    this.maySendTwice = hasIdempotencyKey || isIdempotent(given.method);
    this.body = repeatableBody(given.body, this.maySendTwice);
  }

  /** Sends the request. The handler receives the response or the error. */
  run(): void {
    const { timeoutMs, clock, route } = this.terms;
    this.caller.start((reason) => {
      this.abort(reason);
    });
    if (this.isOver) return;
    if (timeoutMs < Infinity) this.deadline = clock.after(timeoutMs, () => this.exceed(timeoutMs));
    const firstList = route.handle.calls.firstList();
    if (firstList) void firstList.then(() => this.attempt());
    else this.attempt();
  }

  onAnswered(attempt: HttpAttempt, status: number, header: (name: string) => string | undefined): boolean {
    if (this.isOver || this.chosen) return false;
    if (status === 503) attempt.backOff(retryAfterMs(header('retry-after'), this.terms.clock));
    // Of two attempts of a hedge, the one that fails first must not end the other, which may succeed.
    const isHedged = this.live.length > 1 && this.terms.call.policy.on.has(status);
    if (isHedged || this.mayRetry(status)) {
      this.leave(attempt);
      attempt.discard(status);
      if (!isHedged) this.attempt();
      return false;
    }
    this.choose(attempt);
    return true;
  }

  onUpgraded(attempt: HttpAttempt): boolean {
    if (this.isOver || this.chosen) return false;
    this.choose(attempt);
    // The connection belongs to the application from now on.
    attempt.end('success');
    this.finish();
    return true;
  }

  onFinished(): void {
    this.finish();
  }

  onFailed(attempt: HttpAttempt, failure: Failure, error: unknown): boolean {
    this.leave(attempt);
    // The body's own stream failed: no endpoint is to blame, and another endpoint does not help.
    const own: Failure = this.body.hasFailed ? { reason: undefined, outcome: 'aborted' } : failure;
    attempt.fail(own, error);
    return this.passesOn(attempt, own.reason, error);
  }

  onTimeout(attempt: HttpAttempt, { reason }: Failure, error: DeadlineExceededError): void {
    this.leave(attempt);
    if (this.passesOn(attempt, reason, error)) this.caller.fail(error);
  }

  /** Decides what follows a failed attempt. Returns whether the application sees the error. */
  private passesOn(attempt: HttpAttempt, reason: Failure['reason'], error: unknown): boolean {
    if (this.isOver) return false;
    if (this.chosen !== attempt) {
      // Another attempt is under way, or has been chosen.
      if (this.chosen || this.live.length > 0) return false;
      if (reason !== undefined && this.mayRetry(reason, error)) {
        this.attempt();
        return false;
      }
    }
    this.finish();
    return true;
  }

  private mayRetry(reason: NonNullable<Failure['reason']>, error?: unknown): boolean {
    return this.terms.call.mayRetry({ reason, repeatable: this.maySendTwice && this.body.isWhole, error });
  }

  private attempt(): void {
    if (this.isOver) return;
    const { call, clock, route, dispatch } = this.terms;
    let attempt: HttpAttempt | undefined;
    try {
      const begun = call.begin(route.portOf);
      attempt = new HttpAttempt(this, begun, call.policy, clock);
      this.live = this.live.length === 0 ? [attempt] : [...this.live, attempt];
      const origin = route.originOf(begun.endpoint);
      const handler = this.caller.forAttempt(attempt);
      const { given, headers, body } = this;
      // One copy for each attempt: a pool may read it later.
      const own = { origin, headers, servername: route.host, body: body.forAttempt() };
      // V8 takes several times as long for a spread.
      dispatch(Object.assign({}, given, own), handler);
    } catch (error) {
      if (attempt ? attempt.onError(error) : this.passesOnPickError()) this.caller.fail(error);
      return;
    }
    this.watch(attempt);
    this.scheduleHedge();
  }

  /** undici starts a request with a streamed body one microtask later, and then it needs no timer for its start. */
  private watch(attempt: HttpAttempt): void {
    if (attempt.isStarted || this.given.body === undefined || this.given.body === null) attempt.watch();
    else
      queueMicrotask(() => {
        attempt.watch();
      });
  }

  /** The list is empty, or the service unknown. A hedged attempt may still be under way. */
  private passesOnPickError(): boolean {
    if (this.isOver || this.live.length > 0) return false;
    this.finish();
    return true;
  }

  private scheduleHedge(): void {
    const { hedge, clock, call, route } = this.terms;
    if (!hedge || this.hedges >= (hedge.max ?? 1) || this.hedgeTimer || this.isOver || this.chosen) return;
    if (!this.maySendTwice || this.given.upgrade) return;
    this.hedgeTimer = clock.after(hedge.delay * 1_000, () => {
      this.hedgeTimer = undefined;
      if (this.isOver || this.chosen || !this.body.isWhole) return;
      if (!call.hasUntried(route.portOf) || !call.takeToken()) return;
      this.hedges += 1;
      this.attempt();
    });
  }

  private choose(attempt: HttpAttempt): void {
    this.chosen = attempt;
    attempt.choose();
    this.hedgeTimer?.cancel();
    for (const other of this.live)
      if (other !== attempt) other.giveUp('aborted', new Error('Another endpoint has answered first.'));
  }

  private leave(attempt: HttpAttempt): void {
    this.live = this.live.filter((each) => each !== attempt);
  }

  /** The application's handler aborts. */
  private abort(reason: unknown): void {
    if (this.isOver) return;
    this.end(reason ?? new DOMException('This operation was aborted', 'AbortError'));
  }

  private exceed(timeoutMs: number): void {
    // See HttpAttempt: a response that has arrived is read first.
    this.deadline = this.terms.clock.after(0, () => {
      const { handle } = this.terms.route;
      const what = `The call to service "${handle.name}"`;
      this.end(new DeadlineExceededError(`${what} was not answered within ${timeoutMs} ms.`));
    });
  }

  private end(reason: unknown): void {
    if (this.isOver) return;
    const attempts = this.live;
    this.finish();
    this.caller.fail(reason);
    for (const attempt of attempts) attempt.giveUp('aborted', reason);
  }

  private finish(): void {
    this.isOver = true;
    this.live = NO_ATTEMPTS;
    this.deadline?.cancel();
    this.hedgeTimer?.cancel();
    this.body.close();
  }
}
