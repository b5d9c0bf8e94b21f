import { isIP } from 'node:net';

/** A label of a hostname (RFC 1123). Underscores are allowed because registries return them. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Whether `host` is an IP address (v6 without brackets) or a hostname of at most 253 characters. */
export function isHost(host: unknown): host is string {
  if (typeof host !== 'string' || host.length === 0 || host.length > 253) return false;
  if (isIP(host) !== 0) return true;
  const labels = (host.endsWith('.') ? host.slice(0, -1) : host).split('.');
  // Digits and dots alone are a mistyped IP address, never a hostname.
  return !/^[\d.]+$/.test(host) && labels.every((label) => LABEL.test(label));
}

/** Whether `port` is an integer from 1 to 65535. */
export function isPort(port: unknown): port is number {
  return Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535;
}

/** Formats `host:port`, with brackets around an IPv6 address. */
export function joinHostPort(host: string, port: number): string {
  // Calls use it: a regular expression for each costs more than the string.
  return host.includes(':') && isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Parses `host:port` or `[IPv6]:port`. Returns undefined for any other string. */
export function splitHostPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const host = match[1] ?? match[2];
  const port = Number(match[3]);
  return isHost(host) && isPort(port) && (match[1] === undefined || isIP(host) === 6)
    ? { host, port }
    : undefined;
}

/** Whether `host` is a loopback address: `localhost`, 127.0.0.0/8, also IPv4-mapped, or `::1`. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost\.?|(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/i.test(host);
}
