import { isIPv4 } from 'node:net';
import { isHost, joinHostPort, splitHostPort } from '../common/address.js';
import { type EnvProxy, envProxy } from '../common/env-proxy.js';
import { expected } from '../common/expected.js';
import { redactUrl } from '../common/redact.js';
import { NoEtcdEndpointsError } from './errors/no-etcd-endpoints.error.js';

/** Where etcd listens for clients unless told otherwise. */
export const DEFAULT_PORT = 2379;

/**
 * One endpoint in its normal form, `http://host:port` or `https://host:port`. A bare `host:port` takes `scheme`, a
 * missing port is {@link DEFAULT_PORT}.
 *
 * @throws InvalidOptionError naming the endpoint, credentials masked
 */
export function parseEndpoint(text: string, scheme: 'http' | 'https' = 'http'): string {
  const complaint = (): Error =>
    expected('endpoints', 'made of http:// or https:// URLs or host:port', redactUrl(text));
  const trimmed = text.trim();
  const [, given, rest] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*?)\/?$/i.exec(trimmed) ?? [];
  const protocol = given?.toLowerCase() ?? scheme;
  if (rest === undefined || (protocol !== 'http' && protocol !== 'https')) throw complaint();
  const bare = /^\[.*\]$/.test(rest) ? rest.slice(1, -1) : rest;
  const parts = splitHostPort(rest) ?? (isHost(bare) ? { host: bare, port: DEFAULT_PORT } : undefined);
  if (!parts) throw complaint();
  return `${protocol}://${joinHostPort(parts.host.replace(/\.$/, ''), parts.port)}`;
}

/** Whether an endpoint in its normal form is spoken to by TLS. */
export function isSecure(endpoint: string): boolean {
  return endpoint.startsWith('https:');
}

/**
 * Endpoints from a list, or from a text that separates them by commas; each once, in the order given.
 *
 * @throws NoEtcdEndpointsError when there is none
 * @throws InvalidOptionError naming the first that is malformed
 */
export function parseEndpoints(
  endpoints: string | readonly string[],
  scheme: 'http' | 'https' = 'http',
): readonly string[] {
  if (typeof endpoints !== 'string' && !Array.isArray(endpoints)) {
    throw expected('endpoints', 'a text or a list of texts', endpoints);
  }
  const texts = (typeof endpoints === 'string' ? [endpoints] : endpoints).flatMap((record: unknown) => {
    if (typeof record !== 'string') throw expected('endpoints', 'a text or a list of texts', record);
    return record.split(',').filter((part) => part.trim() !== '');
  });
  if (texts.length === 0) throw new NoEtcdEndpointsError();
  return [...new Set(texts.map((text) => parseEndpoint(text, scheme)))];
}

/** The variables that gRPC reads for its proxy. */
const PROXY_VARIABLES = Object.freeze({
  proxy: ['grpc_proxy', 'https_proxy', 'http_proxy'],
  direct: ['no_grpc_proxy', 'no_proxy'],
});

/** Host and port of an endpoint in its normal form. */
export function placeOf(endpoint: string): { readonly host: string; readonly port: number } | undefined {
  return splitHostPort(endpoint.replace(/^https?:\/\//, ''));
}

/** The proxy of the environment through which an endpoint in its normal form is reached, where there is one. */
export function proxyOf(endpoint: string): EnvProxy | undefined {
  const place = placeOf(endpoint);
  return place && envProxy(PROXY_VARIABLES, place);
}

/**
 * An endpoint as gRPC is to be given it. An address needs no resolver: one of DNS is dear to make, and a client without
 * its cluster makes one with every try.
 */
export function targetOf(endpoint: string): string {
  const place = endpoint.replace(/^https?:\/\//, '');
  return isIPv4(splitHostPort(place)?.host ?? '') ? `ipv4:${place}` : endpoint;
}
