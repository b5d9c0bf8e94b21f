import { isIPv4 } from 'node:net';
import { isHost, joinHostPort, splitHostPort } from '../common/address.js';
import { type EnvProxy, envProxy } from '../common/env-proxy.js';
import { expected } from '../common/expected.js';
import { redactUrl } from '../common/redact.js';
import { NoEtcdEndpointsError } from './errors/no-etcd-endpoints.error.js';

/** etcd's default client port. */
export const DEFAULT_PORT = 2379;

/**
 * Normalizes one endpoint to `http://host:port` or `https://host:port`. A bare `host:port` gets `scheme`; a missing port
 * is {@link DEFAULT_PORT}.
 *
 * @throws InvalidOptionError that names the endpoint, credentials masked
 */
export function parseEndpoint(text: string, scheme: 'http' | 'https' = 'http'): string {
  const complaint = (): Error =>
    expected('endpoints', 'http:// or https:// URLs, or host:port', redactUrl(text));
  const trimmed = text.trim();
  const [, given, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*?)\/?$/i.exec(trimmed) ?? [];
  const protocol = given?.toLowerCase() ?? scheme;
  if (rest === undefined || (protocol !== 'http' && protocol !== 'https')) throw complaint();
  const bare = /^\[.*\]$/.test(rest) ? rest.slice(1, -1) : rest;
  const parts = splitHostPort(rest) ?? (isHost(bare) ? { host: bare, port: DEFAULT_PORT } : undefined);
  if (!parts) throw complaint();
  return `${protocol}://${joinHostPort(parts.host.replace(/\.$/, ''), parts.port)}`;
}

/** Whether a normalized endpoint uses TLS. */
export function isSecure(endpoint: string): boolean {
  return endpoint.startsWith('https:');
}

/**
 * Normalizes endpoints, given as an array or as a comma-separated string. Duplicates are removed; the order stays.
 *
 * @throws NoEtcdEndpointsError when there is none
 * @throws InvalidOptionError that names the first malformed one
 */
export function parseEndpoints(
  endpoints: string | readonly string[],
  scheme: 'http' | 'https' = 'http',
): readonly string[] {
  if (typeof endpoints !== 'string' && !Array.isArray(endpoints)) {
    throw expected('endpoints', 'a string or an array of strings', endpoints);
  }
  const texts = (typeof endpoints === 'string' ? [endpoints] : endpoints).flatMap((record: unknown) => {
    if (typeof record !== 'string') throw expected('endpoints', 'a string or an array of strings', record);
    return record.split(',').filter((part) => part.trim() !== '');
  });
  if (texts.length === 0) throw new NoEtcdEndpointsError();
  return [...new Set(texts.map((text) => parseEndpoint(text, scheme)))];
}

/** The environment variables in which gRPC looks for a proxy. */
const PROXY_VARIABLES = Object.freeze({
  proxy: ['grpc_proxy', 'https_proxy', 'http_proxy'],
  direct: ['no_grpc_proxy', 'no_proxy'],
});

/** Host and port of a normalized endpoint. */
export function placeOf(endpoint: string): { readonly host: string; readonly port: number } | undefined {
  return splitHostPort(endpoint.replace(/^https?:\/\//, ''));
}

/** The proxy that the environment names for a normalized endpoint; undefined when there is none. */
export function proxyOf(endpoint: string): EnvProxy | undefined {
  const place = placeOf(endpoint);
  return place && envProxy(PROXY_VARIABLES, place);
}

/**
 * The gRPC target of an endpoint. An IPv4 address needs no DNS resolver, which is expensive to create: a client whose
 * cluster is unreachable creates one with every attempt.
 */
export function targetOf(endpoint: string): string {
  const place = endpoint.replace(/^https?:\/\//, '');
  return isIPv4(splitHostPort(place)?.host ?? '') ? `ipv4:${place}` : endpoint;
}
