import { type CallAttempt } from '../../calling/call-attempt.js';
import { joinHostPort } from '../../common/address.js';
import { type Route, type Routes } from '../routes.js';
import {
  type AxiosConfig,
  type BeforeRedirect,
  type RedirectOptions,
  type RedirectResponse,
} from './axios-types.js';
import { fullUrl } from './full-url.js';

/** Headers that axios removes on a redirect to another origin. To it, the endpoint's address is another one. */
const CREDENTIALS = ['authorization', 'cookie'];

/**
 * Sends the redirects of one request by the rule of its URL: to an endpoint of a known service, on with `passThrough`, or
 * nowhere. Without it even a relative redirect would be looked up in DNS, since it is relative to the `Host` header.
 */
export class RedirectRule {
  private applied = false;
  /** Whether each redirect so far led to the place of the request: only that gets its credentials. */
  private keepsCredentials = true;

  constructor(
    private readonly routes: Routes,
    /** Where the last request went; undefined after a redirect to a host that is no service. */
    private route: Route | undefined,
    /** The request of the caller. */
    private readonly config: AxiosConfig,
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
    const { route: former } = this;
    // A relative redirect is resolved against `Host`, which may be the caller's own, and the port of the endpoint.
    const sentHost = hostOf(request?.headers) ?? former?.host ?? '';
    const stays =
      former !== undefined &&
      isRelative(response) &&
      (options.hostname === former.host || options.hostname === hostnameOf(sentHost));
    if (stays) options.port = '';
    const origin = originOf(options);
    const found = stays ? former : this.routes.find(origin);
    this.keepsCredentials &&= isSamePlace(found, former);
    if (this.keepsCredentials) restoreCredentials(options, request?.headers, this.config);
    this.config.beforeRedirect?.(options, response, request);
    // The caller's function may have changed the target.
    const changed = originOf(options);
    const route = changed === origin ? found : this.routes.find(changed);
    this.keepsCredentials &&= isSamePlace(route, former);
    this.route = route;
    if (!route) {
      // What another host answers says nothing about the endpoint.
      this.attempt.call.end('success');
      return;
    }
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

function isSamePlace(one: Route | undefined, other: Route | undefined): boolean {
  if (!one || !other) return false;
  return one.handle === other.handle && one.protocol === other.protocol && one.host === other.host;
}

function restoreCredentials(
  options: RedirectOptions,
  before: Readonly<Record<string, unknown>> | undefined,
  config: AxiosConfig,
): void {
  const { headers } = options;
  for (const [name, value] of Object.entries(before ?? {}))
    if (CREDENTIALS.includes(name.toLowerCase()) && !(name in headers)) headers[name] = value;
  // Not a header: Node makes one of it.
  options.auth = authOf(config);
}

/** The credentials of the option `auth`, or of the URL, as axios passes them to Node. */
function authOf(config: AxiosConfig): string | undefined {
  const { username = '', password = '' } = config.auth ?? userOf(fullUrl(config));
  return username || password ? `${username}:${password}` : undefined;
}

function userOf(url: string): NonNullable<AxiosConfig['auth']> {
  const { username, password } = new URL(url);
  return { username: decoded(username), password: decoded(password) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
