import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { type CallAttempt } from '../../calling/call-attempt.js';
import { isIdempotent, outcomeOfStatus } from '../../calling/failure.js';
import { type ServiceCall } from '../../calling/service-call.js';
import { joinHostPort } from '../../common/address.js';
import { attempt } from '../../common/async/deadline.js';
import { type Clock } from '../../common/clock.js';
import { DeadlineExceededError, SidekickError } from '../../common/errors/index.js';
import { retryAfterMs } from '../retry-after.js';
import { type Route, type Routes } from '../routes.js';
import { checkRequestOptions } from '../http-options.js';
import { type ServiceRequestOptions } from '../service-http.options.js';
import { attemptOptions } from './attempt-options.js';
import {
  type AttemptResult,
  attemptWithAxios,
  type DirectAgents,
  endWith,
  isBrokenResponse,
} from './axios-attempt.js';
import { AxiosCopies } from './axios-copy.js';
import { type AxiosConfig, type AxiosModule, type AxiosResponseLike } from './axios-types.js';
import { fullUrl } from './full-url.js';
import { RedirectRule } from './redirect-rule.js';

/** Dependencies of an {@link AxiosAdapter}. */
export interface AxiosAdapterDeps {
  readonly routes: Routes;
  readonly clock: Clock;
  /** Seconds; undefined for no limit. */
  readonly timeout: number | undefined;
}

const NO_OPTIONS: ServiceRequestOptions = Object.freeze({});

/** Options of the agents that requests without one of their own use: those of Node's global agents. */
const AGENT_OPTIONS = Object.freeze({ keepAlive: true, scheduling: 'lifo', timeout: 5_000 } as const);

/** Sends the requests of axios to services by name, through axios's own adapter for Node. */
export class AxiosAdapter {
  private readonly copies = new AxiosCopies();
  private readonly agents: DirectAgents = {
    http: new http.Agent(AGENT_OPTIONS),
    https: new https.Agent(AGENT_OPTIONS),
  };

  constructor(private readonly deps: AxiosAdapterDeps) {}

  /** Ends idle connections. */
  close(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }

  /** The adapter. Rejects with errors of the caller's copy of axios. */
  readonly request = async (config: AxiosConfig): Promise<AxiosResponseLike> => {
    const axios = await this.copies.of(config);
    const adapter = axios.getAdapter('http', config);
    if (config.socketPath) return await adapter(config);
    try {
      const url = new URL(fullUrl(config));
      const route = this.deps.routes.find(url.origin);
      if (!route) return await adapter(config);
      return await this.send(axios, route, url, config);
    } catch (error) {
      throw error instanceof SidekickError ? axiosError(axios, error, config) : error;
    }
  };

  private async send(
    axios: AxiosModule,
    route: Route,
    url: URL,
    config: AxiosConfig,
  ): Promise<AxiosResponseLike> {
    const service = (config.service ?? NO_OPTIONS) as ServiceRequestOptions;
    if (service !== NO_OPTIONS) checkRequestOptions(service);
    const { clock, timeout: defaultTimeout } = this.deps;
    const timeoutMs = (service.timeout ?? defaultTimeout ?? Infinity) * 1_000;
    const startedAtMs = clock.now();
    const { calls } = route.handle;
    const firstList = calls.firstList();
    if (firstList) {
      const what = `The call to service "${route.handle.name}"`;
      const { timeout: axiosTimeoutMs = 0 } = config;
      const boundMs = axiosTimeoutMs > 0 ? Math.min(timeoutMs, axiosTimeoutMs) : timeoutMs;
      await attempt({ clock, timeoutMs: boundMs, signal: config.signal, what }, () => firstList).catch(
        (error: unknown) => {
          if (!isCancelled(config)) throw error;
        },
      );
      if (isCancelled(config)) throw new axios.CanceledError(undefined, config);
    }
    const endsAtMs = startedAtMs + timeoutMs;
    return await this.attempts(axios, {
      route,
      url,
      call: calls.begin(service),
      config,
      startedAtMs,
      endsAtMs,
    });
  }

  private async attempts(
    axios: AxiosModule,
    { route, url, call, config, startedAtMs, endsAtMs }: AxiosCall,
  ): Promise<AxiosResponseLike> {
    const { clock, routes } = this.deps;
    for (;;) {
      let current: CallAttempt = call.begin(route.portOf);
      const redirects = new RedirectRule(routes, route, config.beforeRedirect, (next) => {
        current.end('success');
        current = next;
      });
      const result = await attemptWithAxios(
        {
          adapter: axios.getAdapter('http', config),
          agents: this.agents,
          clock,
          policy: call.policy,
          endsAtMs,
          current: () => current,
        },
        attemptOptions(config, {
          url: urlAt(current, route, url),
          host: route.host,
          passedMs: clock.now() - startedAtMs,
          beforeRedirect: redirects.apply,
        }),
      );
      const question = judge(result, current, clock);
      const maySend = !redirects.hasApplied && isReplayable(config.data);
      const repeatable = isIdempotent(config.method ?? 'get') || config.headers.has('Idempotency-Key');
      if (maySend && !isCancelled(config) && call.mayRetry({ ...question, repeatable })) {
        discard(result);
        continue;
      }
      return conclude(axios, result, config);
    }
  }
}

interface AxiosCall {
  readonly route: Route;
  readonly url: URL;
  readonly call: ServiceCall;
  readonly config: AxiosConfig;
  /** When the call began, its wait for the first list included. */
  readonly startedAtMs: number;
  /** When the whole call ends; `Infinity` for no limit. */
  readonly endsAtMs: number;
}

/** The URL of the request at the endpoint of an attempt. */
function urlAt(attempt: CallAttempt, route: Route, url: URL): string {
  const port = route.portOf(attempt.endpoint);
  if (port === undefined) {
    const error = route.portError(attempt.endpoint);
    attempt.end('aborted', error);
    throw error;
  }
  const { protocol, username, password, pathname, search, hash } = url;
  const host = joinHostPort(attempt.endpoint.address, port);
  // Parsing another URL would cost more than the rest of the attempt's own work.
  if (username === '' && password === '') return `${protocol}//${host}${pathname}${search}${hash}`;
  const rewritten = new URL(url);
  rewritten.host = host;
  return rewritten.href;
}

/** Whether axios reads the body from the start in each attempt. It takes a stream apart even before it connects. */
function isReplayable(data: unknown): boolean {
  return typeof (data as { readonly pipe?: unknown } | null | undefined)?.pipe !== 'function';
}

function isCancelled({ signal, cancelToken }: AxiosConfig): boolean {
  return (signal?.aborted ?? false) || cancelToken?.reason !== undefined;
}

/** Reports how the attempt ended, and returns why another one may help. */
function judge(result: AttemptResult, attempt: CallAttempt, clock: Clock) {
  const response = result.response ?? (isBrokenResponse(result.error) ? undefined : result.error.response);
  if (response) {
    attempt.reached();
    const header = response.status === 503 ? response.headers.get?.('retry-after') : undefined;
    const waitMs = typeof header === 'string' ? retryAfterMs(header, clock) : undefined;
    if (waitMs !== undefined) attempt.end('failure', undefined, waitMs);
    // A stream that the caller's `validateStatus` refuses may never be read.
    else if (result.error || !(response.data instanceof Readable)) endWith(attempt, response);
    else if (outcomeOfStatus(response.status) === 'failure') attempt.end('failure');
    return { reason: response.status };
  }
  if (!result.error) return { reason: undefined };
  const { failure, error } = result;
  attempt.fail(failure, error);
  return { reason: failure.reason, error };
}

/** Ends the response of an attempt that is followed by another one. */
function discard({ response, error }: AttemptResult): void {
  const data = (response ?? error.response)?.data;
  if (data instanceof Readable) data.destroy();
}

/** Returns the response or throws the error, with the caller's own configuration in place of the endpoint's. */
function conclude(
  axios: AxiosModule,
  { response, error }: AttemptResult,
  config: AxiosConfig,
): AxiosResponseLike {
  if (response) {
    response.config = config;
    return response;
  }
  if (error instanceof SidekickError) throw axiosError(axios, error, config);
  error.config = config;
  if (error.response) error.response.config = config;
  throw error;
}

/** An error of this library as the caller's copy of axios has them. */
function axiosError(axios: AxiosModule, cause: SidekickError, config: AxiosConfig): Error {
  const code = cause instanceof DeadlineExceededError ? 'ETIMEDOUT' : String(cause.code);
  const error = new axios.AxiosError(cause.message, code, config);
  const { statusCode } = cause as { readonly statusCode?: number };
  // Nest answers with `statusCode`, as it does for the cause.
  const status = statusCode === undefined ? {} : { status: statusCode, statusCode, expose: false };
  return Object.assign(error, { cause }, status);
}
