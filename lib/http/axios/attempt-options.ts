import { type AttemptOptions } from './axios-attempt.js';
import { type AxiosConfig, type BeforeRedirect } from './axios-types.js';

/** What one attempt changes in the configuration of its call. */
export interface AttemptChanges {
  readonly url: string;
  /** The name of the service, for `Host`. */
  readonly host: string;
  /** Milliseconds that have passed of the caller's `timeout`, which is for all attempts together. */
  readonly passedMs: number;
  readonly beforeRedirect: BeforeRedirect;
}

/** A copy of the caller's configuration for one attempt. */
export function attemptOptions(
  config: AxiosConfig,
  { url, host, passedMs, beforeRedirect }: AttemptChanges,
): AttemptOptions {
  const copy: Record<string, unknown> = {};
  // The configurations of axios have no prototype, and V8 takes eight times as long to spread such an object.
  for (const name of Object.keys(config)) copy[name] = config[name as keyof AxiosConfig];
  copy.url = url;
  copy.baseURL = undefined;
  copy.headers = withHost(config, host);
  copy.proxy = false;
  copy.beforeRedirect = beforeRedirect;
  const { timeout, timeoutErrorMessage } = config;
  if (timeout) {
    copy.timeout = Math.max(1, Math.round(timeout - passedMs));
    copy.timeoutErrorMessage = timeoutErrorMessage ?? `timeout of ${timeout}ms exceeded`;
  }
  return copy as unknown as AttemptOptions;
}

/** A copy of the headers, since axios adds its own, with the name of the service as `Host`, which TLS uses as well. */
function withHost({ headers }: AxiosConfig, host: string): AxiosConfig['headers'] {
  const Headers = headers.constructor as new () => AxiosConfig['headers'];
  // Copied as they are: their constructor and `set` would parse each name and value again.
  if (!Object.keys(headers).some(isHost)) return Object.assign(new Headers(), headers, { Host: host });
  const copy = Object.assign(new Headers(), headers);
  // A header may be there without a value.
  if (!copy.has('Host')) copy.set('Host', host);
  return copy;
}

// The length decides for nearly every header, without a lower-case copy.
function isHost(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === 'host';
}
