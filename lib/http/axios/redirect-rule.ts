import { type CallAttempt } from '../../calling/call-attempt.js';
import { joinHostPort } from '../../common/address.js';
import { type Route, type Routes } from '../routes.js';
import { type BeforeRedirect, type RedirectOptions, type RedirectResponse } from './axios-types.js';

/** Headers that axios removes on a redirect to another origin. To it, the endpoint's address is another one. */
const CREDENTIALS = ['authorization', 'cookie'];

/**
 * Sends the redirects of one request by the rule of its URL: to an endpoint of a known service, on with `passThrough`, or
 * nowhere. Without it even a relative redirect would be looked up in DNS, since it is relative to the `Host` header.
 */
export class RedirectRule {
  private applied = false;

  constructor(
    private readonly routes: Routes,
    private route: Route,
    private readonly inner: BeforeRedirect | undefined,
    /** Receives the attempt at the endpoint of the redirect. The one before it has ended with an answer. */
    private readonly attempt: { call: CallAttempt },
  ) {}

  /** Whether there was a redirect. The request is no longer the caller's then, and is not retried. */
  get hasApplied(): boolean {
    return this.applied;
  }

  /** @throws UnknownServiceError, which follow-redirects passes on as the cause of its own error */
  readonly apply: BeforeRedirect = (options, response, request) => {
    this.applied = true;
    // A relative redirect is resolved against `Host`, which may be the caller's own, and the port of the endpoint.
    const sentHost = hostOf(request?.headers) ?? this.route.host;
    const stays =
      isRelative(response) &&
      (options.hostname === this.route.host || options.hostname === hostnameOf(sentHost));
    if (stays) options.port = '';
    const origin = originOf(options);
    const found = stays ? this.route : this.routes.find(origin);
    if (found && isSamePlace(found, this.route)) restoreCredentials(options, request?.headers);
    this.inner?.(options, response, request);
    // The caller's function may have changed the target.
    const changed = originOf(options);
    const route = changed === origin ? found : this.routes.find(changed);
    if (!route) return;
    this.route = route;
    const next = route.handle.calls.begin({ retry: false }).begin(route.portOf);
    this.attempt.call.end('success');
    this.attempt.call = next;
    const port = route.portOf(next.endpoint);
    if (port === undefined) throw route.portError(next.endpoint);
    options.hostname = next.endpoint.address;
    options.port = port;
    options.headers.host = stays && changed === origin ? sentHost : route.host;
    delete options.host;
    options.href = undefined;
  };
}

function isRelative(response: RedirectResponse): boolean {
  return !/^\w+:/.test(response.headers?.location ?? '');
}

function hostOf(headers: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const [, host] = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'host') ?? [];
  return typeof host === 'string' ? host : undefined;
}

function hostnameOf(host: string): string | undefined {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

function originOf({ protocol, hostname, port }: RedirectOptions): string {
  const host = hostname.replace(/^\[|\]$/g, '');
  return `${protocol}//${port ? joinHostPort(host, Number(port)) : host}`;
}

function isSamePlace(one: Route, other: Route): boolean {
  return one.handle === other.handle && one.protocol === other.protocol && one.host === other.host;
}

function restoreCredentials(
  { headers }: RedirectOptions,
  before: Readonly<Record<string, unknown>> | undefined,
): void {
  for (const [name, value] of Object.entries(before ?? {}))
    if (CREDENTIALS.includes(name.toLowerCase()) && !(name in headers)) headers[name] = value;
}
