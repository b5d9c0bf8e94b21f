import { isIP } from 'node:net';

/** A label of a hostname (RFC 1123), underscores allowed since registries hand them out. */
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** Whether `host` is an IP address (v6 without brackets) or a hostname of at most 253 characters. */
export function isHost(host: unknown): host is string {
  if (typeof host !== 'string' || host.length === 0 || host.length > 253) return false;
  if (isIP(host) !== 0) return true;
  const labels = (host.endsWith('.') ? host.slice(0, -1) : host).split('.');
  // All digits and dots, yet no IP address: a mistyped one, never a name.
  return !/^[\d.]+$/.test(host) && labels.every((label) => LABEL.test(label));
}

/** Whether `port` is a whole number from 1 to 65535. */
export function isPort(port: unknown): port is number {
  return Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535;
}

/** `host:port`, with brackets around an IPv6 address. */
export function joinHostPort(host: string, port: number): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The parts of `host:port` or `[v6]:port`, or undefined where it is neither. */
export function splitHostPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const host = match[1] ?? match[2];
  const port = Number(match[3]);
  return isHost(host) && isPort(port) && (match[1] === undefined || isIP(host) === 6)
    ? { host, port }
    : undefined;
}

/** Whether `host` is of this machine alone: `localhost`, 127.0.0.0/8, also as mapped into IPv6, or `::1`. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost\.?|(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/i.test(host);
}
