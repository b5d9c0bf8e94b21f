import { type CallAttempt } from '../../calling/call-attempt.js';
import { type Failure, failureOf, outcomeOfStatus } from '../../calling/failure.js';
import { type RetryPolicy } from '../../calling/retry-policy.js';
import { joinHostPort } from '../../common/address.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { DeadlineExceededError } from '../../common/errors/index.js';
import { type AttemptEvents } from './attempt-events.js';

/** The call that an attempt belongs to. */
export interface AttemptOwner {
  /** The status has arrived. Returns whether the application sees the response. */
  onAnswered(attempt: HttpAttempt, status: number, header: (name: string) => string | undefined): boolean;
  /** Returns whether the application sees the upgrade. */
  onUpgraded(attempt: HttpAttempt): boolean;
  /** The chosen response is complete. */
  onFinished(attempt: HttpAttempt): void;
  /** Returns whether the application sees the error. */
  onFailed(attempt: HttpAttempt, failure: Failure, error: unknown): boolean;
  /** The attempt has taken too long. Nothing of it has reached the application. */
  onTimeout(attempt: HttpAttempt, failure: Failure, error: DeadlineExceededError): void;
}

/** A response that is not passed on is read up to this size, to keep its connection, and aborted beyond. */
const MAX_DISCARDED_BYTES = 65_536;

/** One attempt of a call through a dispatcher. */
export class HttpAttempt implements AttemptEvents {
  /** Whether the request may have been written, in part. */
  private hasStarted = false;
  private chosen = false;
  /** The reason why the attempt was given up, as soon as it was. */
  private givenUp: { readonly reason: unknown } | undefined;
  private abortRequest: ((reason: unknown) => void) | undefined;
  private connectTimer: Timer | undefined;
  private answerTimer: Timer | undefined;
  private status = 0;
  private retryAfterMs: number | undefined;
  private discardedBytes = 0;

  constructor(
    private readonly owner: AttemptOwner,
    private readonly call: CallAttempt,
    private readonly policy: RetryPolicy,
    private readonly clock: Clock,
  ) {}

  get isChosen(): boolean {
    return this.chosen;
  }

  /** Whether a part of the request may have been written. */
  get isStarted(): boolean {
    return this.hasStarted;
  }

  /** Starts the timers. Called after the request was dispatched, since most requests have started by then. */
  watch(): void {
    const { connectTimeoutMs, perTryTimeoutMs } = this.policy;
    if (this.call.ended || this.status > 0) return;
    if (!this.hasStarted && connectTimeoutMs < Infinity)
      this.connectTimer = this.after(connectTimeoutMs, () => {
        if (!this.hasStarted) this.timeOut('connect', `Connecting to ${this.where}`, connectTimeoutMs);
      });
    if (perTryTimeoutMs < Infinity)
      this.answerTimer = this.after(perTryTimeoutMs, () => {
        this.timeOut('timeout', `The attempt at ${this.where}`, perTryTimeoutMs);
      });
  }

  /** The application receives this response. */
  choose(): void {
    this.chosen = true;
    this.answerTimer?.cancel();
  }

  /** The application does not receive the response with this status. */
  discard(status: number): void {
    this.end(outcomeOfStatus(status));
  }

  /** Ends the attempt before its request does. */
  giveUp(outcome: Failure['outcome'], reason: unknown): void {
    this.giveUpAs({ reason: undefined, outcome }, reason);
  }

  /** Reports an attempt that failed. */
  fail(failure: Failure, error: unknown): void {
    this.cancelTimers();
    this.call.fail(failure, error, this.retryAfterMs);
  }

  /** Reports the end to the balancer, with what the server said of a later time. */
  end(outcome: Failure['outcome'] | 'success', error?: unknown): void {
    this.cancelTimers();
    this.call.end(outcome, error, this.retryAfterMs);
  }

  onStart(abort: (reason: unknown) => void): void {
    if (this.givenUp) {
      abort(this.givenUp.reason);
      return;
    }
    this.hasStarted = true;
    this.abortRequest = abort;
    this.connectTimer?.cancel();
  }

  onAnswer(status: number, header: (name: string) => string | undefined): boolean {
    if (this.givenUp) return false;
    this.status = status;
    this.call.reached();
    return this.owner.onAnswered(this, status, header);
  }

  /** Leaves the endpoint alone for so long, in milliseconds. */
  backOff(retryAfterMs: number | undefined): void {
    this.retryAfterMs = retryAfterMs;
  }

  onUpgrade(): boolean {
    return !this.givenUp && this.owner.onUpgraded(this);
  }

  onDiscarded(bytes: number): void {
    this.discardedBytes += bytes;
    if (this.discardedBytes > MAX_DISCARDED_BYTES) this.giveUp('failure', new DiscardedResponseError());
  }

  onEnd(): void {
    this.end(outcomeOfStatus(this.status));
    if (this.chosen) this.owner.onFinished(this);
  }

  onError(error: unknown): boolean {
    // The late error of an attempt that was given up neither retries nor counts.
    if (this.givenUp || (this.call.ended && !this.chosen)) return false;
    return this.owner.onFailed(this, failureOf(error, this.hasStarted), error);
  }

  private get where(): string {
    const { address, port } = this.call.endpoint;
    return `${joinHostPort(address, port)} of service "${this.call.service}"`;
  }

  /** After a blocked event loop, timers run before I/O. The second timer lets a response that has arrived be read first. */
  private after(delayMs: number, run: () => void): Timer {
    let timer = this.clock.after(delayMs, () => {
      timer = this.clock.after(0, () => {
        if (!this.call.ended && this.status === 0) run();
      });
    });
    return { cancel: () => timer.cancel() };
  }

  private timeOut(reason: 'connect' | 'timeout', what: string, timeoutMs: number): void {
    const error = new DeadlineExceededError(`${what} was not answered within ${timeoutMs} ms.`);
    const failure: Failure = { reason, outcome: 'failure' };
    this.giveUpAs(failure, error);
    this.owner.onTimeout(this, failure, error);
  }

  private giveUpAs(failure: Failure, reason: unknown): void {
    if (this.givenUp) return;
    this.givenUp = { reason };
    this.fail(failure, reason);
    this.abortRequest?.(reason);
  }

  private cancelTimers(): void {
    this.connectTimer?.cancel();
    this.answerTimer?.cancel();
  }
}

/** The reason why the rest of a response is not read. No application sees it. */
class DiscardedResponseError extends Error {
  constructor() {
    super('The response is not read, since the request was sent to another endpoint.');
  }
}
