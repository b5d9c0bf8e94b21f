import { type Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type EnvProxy } from '../common/env-proxy.js';
import { serverNameOptions } from '../common/tls/server-name-options.js';
import { tlsFailure } from '../common/tls/tls-failure.js';
import { ProxyTunnel, SecureTunnelAgent, TunnelAgent } from '../common/tls/proxy-tunnel.js';
import { isSecure, placeOf, proxyOf } from './endpoint.js';
import { type EtcdCaller } from './request.js';
import { type EtcdTls } from './tls.js';
import { EndpointError } from './errors/endpoint.error.js';

/** Versions as etcd reports them, such as `3.5.16`. */
export interface EtcdVersion {
  /** The version of the server that answered. */
  readonly etcdserver: string;
  /** The API version that all members of the cluster support. */
  readonly etcdcluster: string;
}

const MAX_BODY_BYTES = 65_536;

/** What `/version` reports. */
export interface EtcdServerInfo {
  readonly version: EtcdVersion;
  /** The server's clock in milliseconds since 1970, to the second; undefined if it does not send a `Date` header. */
  readonly timeMs: number | undefined;
}

/**
 * Reads the versions over HTTP, since gRPC reports the version of the server only.
 *
 * @throws as {@link EtcdCaller.call}
 */
export async function fetchServerInfo(
  caller: EtcdCaller,
  tls: EtcdTls | undefined,
  proxy: 'env' | undefined,
  signal: AbortSignal | undefined,
): Promise<EtcdServerInfo> {
  return await caller.call(
    {
      what: 'reading the version',
      command: () => ['version'],
      run: async ({ endpoint }, _options, ended) => {
        const agent = proxy && agentThrough(proxyOf(endpoint), endpoint);
        try {
          const { body, date } = await get(endpoint, tls, agent, caller.timeoutMs, ended);
          return { version: readVersion(endpoint, body), timeMs: Number.isNaN(date) ? undefined : date };
        } finally {
          agent?.destroy();
        }
      },
    },
    signal,
  );
}

function agentThrough(proxy: EnvProxy | undefined, endpoint: string): Agent | undefined {
  const place = placeOf(endpoint);
  if (!proxy || !place) return undefined;
  const tunnel = new ProxyTunnel(proxy, place);
  return isSecure(endpoint) ? new SecureTunnelAgent({}, tunnel) : new TunnelAgent({}, tunnel);
}

async function get(
  endpoint: string,
  tls: EtcdTls | undefined,
  agent: Agent | undefined,
  timeout: number,
  signal: AbortSignal,
): Promise<{ readonly body: string; readonly date: number }> {
  const secure = isSecure(endpoint);
  return await new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      const cause = tlsFailure(error.message, (error as NodeJS.ErrnoException).code, error) ?? error;
      reject(new EndpointError(endpoint, cause.message, false, cause));
    };
    const request = (secure ? httpsRequest : httpRequest)(
      `${endpoint}/version`,
      {
        agent: agent ?? false,
        timeout,
        signal,
        ...(secure && {
          // Overrides NODE_TLS_REJECT_UNAUTHORIZED.
          rejectUnauthorized: true,
          ...tls?.identity.current,
          ...serverNameOptions(tls?.serverName),
        }),
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
          if (body.length > MAX_BODY_BYTES)
            request.destroy(new Error(`the response is longer than ${MAX_BODY_BYTES} bytes`));
        });
        response.on('end', () => {
          const date = Date.parse(response.headers.date ?? '');
          if (response.statusCode === 200) resolve({ body, date });
          else fail(new Error(`the server answered with HTTP status ${String(response.statusCode)}`));
        });
        response.on('error', fail);
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout} ms`)));
    request.on('error', fail);
    request.end();
  });
}

function readVersion(endpoint: string, body: string): EtcdVersion {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    throw new EndpointError(
      endpoint,
      'answered /version with something other than JSON; check that the address is an etcd server',
      false,
      error,
    );
  }
  const { etcdserver, etcdcluster } = (parsed ?? {}) as Partial<Record<string, unknown>>;
  if (typeof etcdserver !== 'string' || typeof etcdcluster !== 'string') {
    throw new EndpointError(
      endpoint,
      'answered /version without `etcdserver` and `etcdcluster`; check that the address is an etcd server',
      false,
    );
  }
  return { etcdserver, etcdcluster };
}
