import { type Agent as HttpAgent } from 'node:http';
import { type Agent as HttpsAgent } from 'node:https';
import { finished, Readable } from 'node:stream';
import { type CallAttempt } from '../../calling/call-attempt.js';
import { type Failure, failureOf, outcomeOfStatus } from '../../calling/failure.js';
import { type RetryPolicy } from '../../calling/retry-policy.js';
import { onAbort } from '../../common/async/abort.js';
import { type Clock, type Timer } from '../../common/clock.js';
import { DeadlineExceededError } from '../../common/errors/index.js';
import {
  type AxiosAdapterFunction,
  type AxiosConfig,
  type AxiosErrorLike,
  type AxiosResponseLike,
} from './axios-types.js';
import { AttemptSignal } from './attempt-signal.js';
import { type ConnectListener, observeConnect } from './connect-observer.js';

/** The agents of requests that bring none. They never use a proxy of the environment. */
export interface DirectAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** How an attempt ended: with a response, or with axios's error. */
export type AttemptResult =
  | { readonly response: AxiosResponseLike; readonly error?: undefined }
  | { readonly response?: undefined; readonly error: AxiosErrorLike; readonly failure: Failure };

/** The limits of an attempt; `deadline` is the one of the whole call. */
type LimitReason = 'connect' | 'timeout' | 'deadline';

/** The terms of the attempts of one call. */
export interface AxiosAttemptTerms {
  readonly adapter: AxiosAdapterFunction;
  readonly agents: DirectAgents;
  readonly clock: Clock;
  readonly policy: RetryPolicy;
  /** When the whole call ends, by the clock; `Infinity` for no limit. */
  readonly endsAtMs: number;
}

/** The configuration of one attempt, which may be changed. */
export type AttemptOptions = { -readonly [Option in keyof AxiosConfig]: AxiosConfig[Option] };

/** One attempt through axios's own adapter for Node. A class without closures, since each call makes one. */
export class AxiosAttempt implements ConnectListener {
  private readonly signal = new AttemptSignal();
  /** Whether a part of the request may have been sent. */
  private isConnected = false;
  /** Whether the timers have ended. */
  private isReleased = false;
  /** The limit that has passed. */
  private late: { readonly reason: LimitReason; readonly error: DeadlineExceededError } | undefined;
  /** The body of a streamed response. */
  private stream: Readable | undefined;
  /** The timers of the attempt, and those of the call, which are for a streamed body too. Most attempts have none. */
  private timers: Timer[] | undefined;
  private callTimers: Timer[] | undefined;
  private unlink: (() => void) | undefined;

  constructor(
    private readonly terms: AxiosAttemptTerms,
    /** The attempt at the endpoint that has the request now: a redirect to another service begins one of its own. */
    public call: CallAttempt,
  ) {}

  /** Sends the request. `config` has the URL of the endpoint, and is changed. */
  async run(config: AttemptOptions): Promise<AttemptResult> {
    const { adapter, clock, policy, endsAtMs } = this.terms;
    if (config.signal) this.unlink = onAbort(config.signal, () => this.signal.abort());
    this.limit('timeout', policy.perTryTimeoutMs);
    if (endsAtMs < Infinity) this.limit('deadline', Math.max(0, endsAtMs - clock.now()));
    // Axios has sessions of its own for HTTP/2, whose connections cannot be observed.
    const isObserved = config.httpVersion === undefined || config.httpVersion === 1;
    try {
      // Axios has many options: a second copy of them would be one of the largest costs of an attempt.
      config.signal = this.signal as unknown as AbortSignal;
      this.setAgents(config, isObserved);
      const response = await adapter(config);
      if (response.data instanceof Readable) this.follow(response, response.data);
      else this.release();
      return { response };
    } catch (thrown) {
      this.release();
      const error = thrown as AxiosErrorLike;
      const { late, isConnected } = this;
      if (late) return { error: late.error, failure: failureOfLimit(late.reason) };
      return { error, failure: failureOfAxios(error, isConnected || !isObserved) };
    }
  }

  onWaiting(): void {
    if (!this.isReleased && !this.isConnected) this.limit('connect', this.terms.policy.connectTimeoutMs);
  }

  onConnected(): void {
    this.isConnected = true;
  }

  /** After a redirect to the other protocol there was a connection, so that only the first one is observed. */
  private setAgents(config: AttemptOptions, isObserved: boolean): void {
    const { agents } = this.terms;
    const httpAgent = agentOf(config.httpAgent, agents.http);
    const httpsAgent = agentOf(config.httpsAgent, agents.https);
    const isSecure = config.url?.startsWith('https:') === true;
    config.httpAgent = isObserved && !isSecure ? observeConnect(httpAgent, this) : httpAgent;
    config.httpsAgent = isObserved && isSecure ? observeConnect(httpsAgent, this) : httpsAgent;
  }

  private limit(reason: LimitReason, delayMs: number): void {
    if (delayMs === Infinity) return;
    const { clock } = this.terms;
    const list = reason === 'deadline' ? (this.callTimers ??= []) : (this.timers ??= []);
    const expire = (): void => {
      if (reason !== 'connect' || !this.isConnected) this.expire(reason, delayMs);
    };
    // After a blocked event loop, timers run before I/O. The second timer lets a response that has arrived be read first.
    list.push(clock.after(delayMs, () => list.push(clock.after(0, expire))));
  }

  private expire(reason: LimitReason, delayMs: number): void {
    const message = `The request to service "${this.call.service}" was not answered within ${delayMs} ms (${reason}).`;
    const error = new DeadlineExceededError(message);
    this.late = { reason, error };
    // The reader of a streamed body learns the reason. Axios would only report that it was canceled.
    this.stream?.destroy(error);
    this.signal.abort(error);
  }

  private follow(response: AxiosResponseLike, stream: Readable): void {
    this.stream = stream;
    cancelAll(this.timers);
    whenFinished(stream, (error) => {
      this.release();
      endWith(this.call, response, error);
    });
  }

  private release(): void {
    this.isReleased = true;
    cancelAll(this.timers);
    cancelAll(this.callTimers);
    this.unlink?.();
  }
}

/** The agent of a request, as Node's http client chooses it: false is an agent without keep-alive. */
function agentOf<A extends HttpAgent>(given: A | false | null | undefined, direct: A): A {
  return given === false ? new (direct.constructor as new () => A)() : (given ?? direct);
}

function cancelAll(timers: readonly Timer[] | undefined): void {
  if (timers) for (const timer of timers) timer.cancel();
}

/** Reports the end of an attempt whose response is complete. */
export function endWith(attempt: CallAttempt, { status }: AxiosResponseLike, error?: unknown): void {
  if (error === undefined) attempt.end(outcomeOfStatus(status));
  else attempt.end(failureOf(error, true).outcome, error);
}

function whenFinished(stream: Readable, report: (error: unknown) => void): void {
  const remove = finished(stream, { writable: false }, (error) => {
    remove();
    // An application that stops reading destroys the stream.
    report(error?.code === 'ERR_STREAM_PREMATURE_CLOSE' ? { name: 'AbortError' } : (error ?? undefined));
  });
}

function failureOfLimit(reason: LimitReason): Failure {
  return reason === 'deadline' ? { reason: undefined, outcome: 'aborted' } : { reason, outcome: 'failure' };
}

function failureOfAxios(error: AxiosErrorLike, sent: boolean): Failure {
  const { cause, code, isAxiosError } = error;
  if (isBrokenResponse(error)) {
    const { outcome } = cause === undefined ? BROKEN : failureOf(cause, true);
    return { reason: undefined, outcome };
  }
  // The caller's own `timeout`, which has no error of a socket as its cause.
  const isTimeout = cause === undefined && (code === 'ECONNABORTED' || code === 'ETIMEDOUT');
  // Axios wraps the errors of sockets. Any other comes from the request itself, such as an invalid header.
  if (isTimeout || isAxiosError !== true) return LOCAL;
  const own = failureOf(error, sent);
  return own.outcome === 'aborted' && own.reason === undefined ? own : failureOf(cause ?? error, sent);
}

const LOCAL: Failure = Object.freeze({ reason: undefined, outcome: 'aborted' });
const BROKEN: Failure = Object.freeze({ reason: undefined, outcome: 'failure' });

/** Whether the response broke off in its body: axios sets its `data` only when it is complete, or a stream. */
export function isBrokenResponse({ response }: AxiosErrorLike): boolean {
  return response !== undefined && response.data === undefined;
}
