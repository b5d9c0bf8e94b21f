import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { type CallAttempt } from '../../calling/call-attempt.js';
import { isIdempotent, outcomeOfStatus } from '../../calling/failure.js';
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
  AxiosAttempt,
  type DirectAgents,
  endWith,
  isBrokenResponse,
} from './axios-attempt.js';
import { AxiosCopies } from './axios-copy.js';
import {
  type AxiosAdapterFunction,
  type AxiosConfig,
  type AxiosModule,
  type AxiosResponseLike,
} from './axios-types.js';
import { fullUrl, originOf } from './full-url.js';
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

  private hasWarnedOfHedge = false;

  constructor(private readonly deps: AxiosAdapterDeps) {}

  /** Ends idle connections, and keeps those of the requests under way no longer than these. */
  close(): void {
    for (const agent of [this.agents.http, this.agents.https]) {
      agent.maxFreeSockets = 0;
      for (const sockets of Object.values(agent.freeSockets))
        for (const socket of sockets ?? []) socket.destroy();
    }
  }

  /** The adapter. Rejects with errors of the caller's copy of axios. */
  readonly request = async (config: AxiosConfig): Promise<AxiosResponseLike> => {
    const axios = this.copies.known(config) ?? (await this.copies.of(config));
    const adapter = axios.getAdapter('http', config);
    if (config.socketPath) return await adapter(config);
    try {
      const url = fullUrl(config);
      const [, origin = originOf(url), rest] = PLAIN_URL.exec(url) ?? NO_MATCH;
      const route = origin === undefined ? undefined : this.deps.routes.find(origin);
      if (!route) return await adapter(config);
      const plainPath = rest ?? (origin === url ? '/' : undefined);
      const call = { axios, adapter, route, url, plainPath, config };
      const startedAtMs = this.deps.clock.now();
      const firstList = route.handle.calls.firstList();
      if (firstList) await this.waitFor(firstList, call);
      return await this.attempts(call, startedAtMs);
    } catch (error) {
      throw error instanceof SidekickError ? axiosError(axios, error, config) : error;
    }
  };

  /** Waits for the first list of the service, at most as long as the call may take. */
  private async waitFor(firstList: Promise<void>, { axios, route, config }: AxiosCall): Promise<void> {
    const { clock } = this.deps;
    const timeoutMs = this.timeoutOf(serviceOptions(config));
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

  private timeoutOf({ timeout }: ServiceRequestOptions): number {
    return (timeout ?? this.deps.timeout ?? Infinity) * 1_000;
  }

  private warnOfHedge({ handle }: Route): void {
    if (this.hasWarnedOfHedge) return;
    this.hasWarnedOfHedge = true;
    handle.calls.context.logger.warn(
      `Ignoring \`service.hedge\` of a request to service "${handle.name}" by axios, which sends one attempt at a time. ServiceHttp.fetch has it.`,
    );
  }

  private async attempts(axiosCall: AxiosCall, startedAtMs: number): Promise<AxiosResponseLike> {
    const { axios, adapter, route, config } = axiosCall;
    const { agents, deps } = this;
    const { clock, routes } = deps;
    const service = serviceOptions(config);
    if (service.hedge) this.warnOfHedge(route);
    const call = route.handle.calls.begin(service);
    const endsAtMs = startedAtMs + this.timeoutOf(service);
    const terms = { adapter, agents, clock, policy: call.policy, endsAtMs };
    for (;;) {
      const current = new AxiosAttempt(terms, call.begin(route.portOf));
      const redirects = new RedirectRule(routes, route, config, current);
      const result = await current.run(
        attemptOptions(config, {
          url: urlAt(current.call, axiosCall),
          host: route.host,
          passedMs: config.timeout ? clock.now() - startedAtMs : 0,
          beforeRedirect: redirects.apply,
        }),
      );
      const { reason, error } = judge(result, current.call, clock);
      // The rest is for failures. Nearly every answer has a status that is not retried.
      if (reason === undefined || !call.policy.on.has(reason)) return conclude(axios, result, config);
      const maySend = !redirects.hasApplied && isReplayable(config.data);
      const repeatable = isIdempotent(config.method ?? 'get') || config.headers.has('Idempotency-Key');
      if (!maySend || isCancelled(config) || !call.mayRetry({ reason, error, repeatable }))
        return conclude(axios, result, config);
      discard(result);
    }
  }
}

/** What is known of a call before it begins. */
interface AxiosCall {
  readonly axios: AxiosModule;
  readonly adapter: AxiosAdapterFunction;
  readonly route: Route;
  readonly url: string;
  /** The path and what follows it, where the URL has nothing else but an origin. */
  readonly plainPath: string | undefined;
  readonly config: AxiosConfig;
}

/** Origin and path of a URL that needs no parser: axios parses what becomes of it anyway. */
const PLAIN_URL = /^(https?:\/\/[a-z\d._-]+)(\/.*)?$/s;

const NO_MATCH: readonly (string | undefined)[] = [];

/** @throws InvalidOptionError */
function serviceOptions(config: AxiosConfig): ServiceRequestOptions {
  const service = (config.service ?? NO_OPTIONS) as ServiceRequestOptions;
  if (service !== NO_OPTIONS) checkRequestOptions(service);
  return service;
}

/** The URL of the request at the endpoint of an attempt. */
function urlAt(attempt: CallAttempt, { route, url, plainPath }: AxiosCall): string {
  let origin: string;
  try {
    origin = route.originOf(attempt.endpoint);
  } catch (error) {
    attempt.end('aborted', error);
    throw error;
  }
  if (plainPath !== undefined) return origin + plainPath;
  const rewritten = new URL(url);
  rewritten.host = origin.slice(origin.indexOf('//') + 2);
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
