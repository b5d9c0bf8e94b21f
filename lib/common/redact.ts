import { truncate } from './strings.js';

/** The replacement for a secret. */
export const REDACTED = '***';

/** Parameters of registry URLs without secrets. Any other may be the mistyped name of a secret. */
const PUBLIC_PARAMETERS = new Set([
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

/** Redacts everything between the scheme and the last `@`, because an unescaped password may contain any character. */
function withoutCredentials(url: string): string {
  const at = url.lastIndexOf('@');
  if (at < 0) return url;
  const [scheme = ''] = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(url.slice(0, at)) ?? [];
  return `${scheme}${REDACTED}${url.slice(at)}`;
}

/**
 * Redacts the secrets of a registry URL: user and password, the fragment, and the value of every query parameter that is
 * not known to be public. It does not parse the URL, so that an invalid URL is redacted too.
 */
export function redactUrl(url: string): string {
  return withoutCredentials(url)
    .replace(/([?&])([^=&#?]*)(?:=([^&#]*))?/g, (_, mark: string, name: string, value?: string) => {
      const isPublic = PUBLIC_PARAMETERS.has(name);
      if (value === undefined) return mark + (isPublic || name === '' ? name : REDACTED);
      return `${mark}${name}=${isPublic || value === '' ? value : REDACTED}`;
    })
    .replace(/#.*$/s, `#${REDACTED}`);
}

/** Whether a colon precedes an `@`. Takes linear time, since the value may come from a registry. */
function hasCredentials(value: string): boolean {
  const colon = value.indexOf(':');
  return colon >= 0 && value.includes('@', colon);
}

/** A replacer for `JSON.stringify` that redacts secrets. */
export function redactMember(name: string, value: unknown): unknown {
  // Of any type: a password in YAML may be a number, and tokens an array.
  if (SECRET_MEMBER.test(name) && value !== undefined && value !== null) return REDACTED;
  if (typeof value !== 'string') return value;
  if (value.includes(PEM)) return REDACTED;
  return URL_LIKE.test(value) || hasCredentials(value) ? redactUrl(value) : value;
}

/** Maximum length of a URL in a message. It has room for a long list of servers. */
const MAX_URL_LENGTH = 500;

/** Formats a URL for a message: redacted and truncated. */
export function formatUrl(url: string): string {
  return truncate(redactUrl(url), MAX_URL_LENGTH);
}
