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

interface AttemptState {
  /** Whether a part of the request may have been sent. */
  isConnected: boolean;
  /** Whether the timers have ended. */
  isReleased: boolean;
  /** The limit that has passed. */
  late: { readonly reason: LimitReason; readonly error: DeadlineExceededError } | undefined;
  /** The body of a streamed response. */
  stream: Readable | undefined;
}

/** The terms of one attempt. */
export interface AxiosAttemptTerms {
  readonly adapter: AxiosAdapterFunction;
  readonly agents: DirectAgents;
  readonly clock: Clock;
  readonly policy: RetryPolicy;
  /** When the whole call ends, by the clock; `Infinity` for no limit. */
  readonly endsAtMs: number;
  /** The current attempt: a redirect to another service begins one of its own. */
  readonly current: () => CallAttempt;
}

/** The configuration of one attempt, which may be changed. */
export type AttemptOptions = { -readonly [Option in keyof AxiosConfig]: AxiosConfig[Option] };

/** Makes one attempt through axios's own adapter for Node. `config` has the URL of the endpoint, and is changed. */
export async function attemptWithAxios(
  { adapter, agents, clock, policy, endsAtMs, current }: AxiosAttemptTerms,
  config: AttemptOptions,
): Promise<AttemptResult> {
  const own = new AttemptSignal();
  const unlink = onAbort(config.signal, () => own.abort());
  const state: AttemptState = {
    isConnected: false,
    isReleased: false,
    late: undefined,
    stream: undefined,
  };
  const timers: Timer[] = [];
  const callTimers: Timer[] = [];
  const limit = (reason: LimitReason, delayMs: number, applies: () => boolean): void => {
    if (delayMs === Infinity) return;
    const list = reason === 'deadline' ? callTimers : timers;
    const expire = (): void => {
      if (!applies()) return;
      const message = `The request to service "${current().service}" was not answered within ${delayMs} ms (${reason}).`;
      const error = new DeadlineExceededError(message);
      state.late = { reason, error };
      // The reader of a streamed body learns the reason. Axios would only report that it was canceled.
      state.stream?.destroy(error);
      own.abort(error);
    };
    // After a blocked event loop, timers run before I/O. The second timer lets a response that has arrived be read first.
    list.push(clock.after(delayMs, () => list.push(clock.after(0, expire))));
  };
  const connection: ConnectListener = {
    onWaiting: () => {
      const applies = (): boolean => !state.isConnected;
      if (!state.isReleased && applies()) limit('connect', policy.connectTimeoutMs, applies);
    },
    onConnected: () => {
      state.isConnected = true;
    },
  };
  // Axios has sessions of its own for HTTP/2, whose connections cannot be observed.
  const isObserved = config.httpVersion === undefined || config.httpVersion === 1;
  limit('timeout', policy.perTryTimeoutMs, () => true);
  if (endsAtMs < Infinity) limit('deadline', Math.max(0, endsAtMs - clock.now()), () => true);
  const release = (): void => {
    state.isReleased = true;
    for (const timer of [...timers, ...callTimers]) timer.cancel();
    unlink();
  };
  try {
    // Axios has many options: a second copy of them would be one of the largest costs of an attempt.
    config.signal = own as unknown as AbortSignal;
    const { httpAgent = agents.http, httpsAgent = agents.https } = config;
    config.httpAgent = isObserved ? observeConnect(httpAgent, connection) : httpAgent;
    config.httpsAgent = isObserved ? observeConnect(httpsAgent, connection) : httpsAgent;
    const response = await adapter(config);
    if (response.data instanceof Readable) {
      state.stream = response.data;
      for (const timer of timers) timer.cancel();
      whenFinished(response.data, (error) => {
        release();
        endWith(current(), response, error);
      });
    } else {
      release();
    }
    return { response };
  } catch (thrown) {
    release();
    const error = thrown as AxiosErrorLike;
    const { late, isConnected } = state;
    if (late) return { error: late.error, failure: failureOfLimit(late.reason) };
    return { error, failure: failureOfAxios(error, isConnected || !isObserved) };
  }
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
