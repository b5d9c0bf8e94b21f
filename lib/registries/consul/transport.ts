import { EventEmitter } from 'node:events';
import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import type Consul from 'consul';
import { isIPv6 } from 'node:net';
import { abortReason, onAbort } from '../../common/async/abort.js';
import { peerFailure } from '../../common/optional-peer.js';
import { ProxyTunnel, TunnelAgent } from '../../common/tls/proxy-tunnel.js';
import { type ConsulSettings, proxyOf } from './options.js';
import { tlsAgent } from './tls-agent.js';

/** A request to Consul's HTTP API. */
export interface ConsulRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** The path below `/v1`, percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** The response, whatever its status. */
export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends requests. Deadlines, tokens and the meaning of responses are the client's concern. */
export interface Transport {
  send(
    request: ConsulRequest,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<RawResponse>;
  /** Ends every connection. */
  close(): void;
}

/**
 * The part of the package's client that it inherits from `papi` and that its typings leave out. The typed methods above
 * it do not suffice: registering a service drops weights, tag override and tagged addresses, the headers with the index
 * are hidden, and a `null` in a list of keys throws inside a socket event.
 */
interface PapiClient {
  _request(
    options: Record<string, unknown>,
    finish: (request: PapiOutcome, next: (end: false, error: undefined, result: PapiOutcome) => void) => void,
  ): Promise<PapiOutcome>;
}

interface PapiResponse {
  readonly statusCode?: number;
  readonly headers: IncomingHttpHeaders;
  readonly body?: Buffer;
}

interface PapiOutcome {
  readonly res?: PapiResponse;
  /** Also set for every status other than 2xx. */
  readonly err?: Error & { readonly isResponse?: boolean };
}

const NO_BODY = Buffer.alloc(0);

class PapiTransport implements Transport {
  constructor(
    private readonly client: PapiClient,
    private readonly agent: HttpAgent,
  ) {}

  async send(
    request: ConsulRequest,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<RawResponse> {
    // The caller may abort while the token is read. The request must not start then: its abort event has passed.
    if (signal.aborted) throw abortReason(signal);
    const ctx = new EventEmitter();
    const removeListener = onAbort(signal, () => void ctx.emit('cancel'));
    try {
      const { statusCode, headers: responseHeaders, body } = await this.request(request, headers, ctx);
      return { status: statusCode ?? 0, headers: responseHeaders, body: body ?? NO_BODY };
    } finally {
      removeListener();
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private async request(
    { method, path, query, body }: ConsulRequest,
    headers: Readonly<Record<string, string>>,
    ctx: EventEmitter,
  ): Promise<PapiResponse> {
    const options = {
      name: `${method} ${path}`,
      method,
      path,
      query: { ...query },
      headers: { ...headers },
      ...(body === undefined ? {} : { body, type: 'json' }),
      buffer: true,
      ctx,
    };
    // The outcome is read here because the client later rewrites errors and drops their code.
    const { res, err } = await this.client._request(options, (outcome, next) => {
      next(false, undefined, { ...outcome });
    });
    if (err && err.isResponse !== true) throw err;
    if (!res) throw new Error('The request ended without an response.');
    return res;
  }
}

/** Limits of a transport's connections. */
export interface ConnectionOptions {
  /** Maximum number of open connections; further requests wait for a free one. */
  readonly maxSockets: number;
  /**
   * Milliseconds without traffic after which a connection is closed.
   *
   * @default unlimited
   */
  readonly timeout?: number;
}

/**
 * Creates a transport based on the package `consul`, with its own pool of keep-alive connections.
 *
 * @throws MissingPeerError when the package is not installed
 * @throws InvalidOptionError when a certificate cannot be read
 */
export async function openTransport(
  settings: ConsulSettings,
  options: ConnectionOptions,
): Promise<Transport> {
  const Client = await loadConsul();
  const { host, port, secure } = settings;
  // The client would resolve an IPv6 address with its brackets. The host of the HTTP agent takes precedence.
  const connections = { keepAlive: true, host, ...options };
  const proxy = proxyOf(settings);
  const tunnel = proxy && new ProxyTunnel(proxy, { host, port });
  const agent = secure
    ? await tlsAgent(connections, settings.tls, tunnel)
    : tunnel
      ? new TunnelAgent(connections, tunnel)
      : new HttpAgent(connections);
  const client = new Client({ host: isIPv6(host) ? `[${host}]` : host, port, secure, agent });
  return new PapiTransport(client as unknown as PapiClient, agent);
}

async function loadConsul(): Promise<typeof Consul> {
  try {
    return (await import('consul')).default;
  } catch (error) {
    throw peerFailure(error, 'consul', 'The Consul registry');
  }
}
