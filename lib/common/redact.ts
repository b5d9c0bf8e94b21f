import { truncate } from './strings.js';

/** What stands where a secret was. */
export const REDACTED = '***';

/** Parameters of registry URLs whose values are no secrets. Every other may be one under a mistyped name. */
const HARMLESS = new Set([
  'ca',
  'cert',
  'dc',
  'deregisterAfter',
  'enableTagOverride',
  'initialStatus',
  'interval',
  'port',
  'prefix',
  'protocol',
  'proxy',
  'selectionMode',
  'server',
  'serverName',
  'timeout',
  'tls',
  'tokenFile',
  'verify',
]);

const SECRET_MEMBER = /token|passw|passphrase|secret|credential|private/i;
const PEM = '-----BEGIN ';
const URL_LIKE = /^\s*[a-z][a-z0-9+.-]*:/i;
const CREDENTIALS = /:[^@]*@/;

/** Everything before the last `@`, but for the scheme: a password may hold any character when nobody escaped it. */
function withoutCredentials(url: string): string {
  const at = url.lastIndexOf('@');
  if (at < 0) return url;
  const [scheme = ''] = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(url.slice(0, at)) ?? [];
  return `${scheme}${REDACTED}${url.slice(at)}`;
}

/**
 * A registry URL fit for a log line: user and password are masked, and so are a fragment and the value of every query
 * parameter that is not known to be harmless. Works on text, so that a URL too broken to parse is masked too.
 */
export function redactUrl(url: string): string {
  return withoutCredentials(url)
    .replace(/([?&])([^=&#?]*)(?:=([^&#]*))?/g, (_, mark: string, name: string, value?: string) => {
      const harmless = HARMLESS.has(name);
      if (value === undefined) return mark + (harmless || name === '' ? name : REDACTED);
      return `${mark}${name}=${harmless || value === '' ? value : REDACTED}`;
    })
    .replace(/#.*$/s, `#${REDACTED}`);
}

/** A member of an option as a message may show it: for `JSON.stringify`. */
export function redactMember(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (SECRET_MEMBER.test(name) || value.includes(PEM)) return REDACTED;
  return URL_LIKE.test(value) || CREDENTIALS.test(value) ? redactUrl(value) : value;
}

/** Characters of a URL in a message: a long list of servers is told whole, a megabyte is not. */
const LONGEST_URL = 500;

/** {@link redactUrl}, no longer than a message has room for. */
export function formatUrl(url: string): string {
  return truncate(redactUrl(url), LONGEST_URL);
}
