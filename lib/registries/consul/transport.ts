import { EventEmitter } from 'node:events';
import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import type Consul from 'consul';
import { isIPv6 } from 'node:net';
import { abortReason } from '../../common/async/abort.js';
import { peerFailure } from '../../common/optional-peer.js';
import { ProxyTunnel, TunnelAgent } from '../../common/tls/proxy-tunnel.js';
import { type ConsulSettings, proxyOf } from './options.js';
import { tlsAgent } from './tls.js';

/** One request to Consul's HTTP API. */
export interface ConsulRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Below `/v1`, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What came back, whatever its status. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends requests; knows nothing of deadlines, tokens or what the answers mean. */
export interface Transport {
  send(
    request: ConsulRequest,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<RawAnswer>;
  /** Ends every connection. */
  close(): void;
}

/**
 * What the package's client inherits from `papi` and its typings leave out. The typed methods above it are of no use
 * here: they drop weights, tag override and tagged addresses when a service is registered, they hide the headers
 * that carry the index, and a `null` in a list of keys throws from inside a socket's event.
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
  /** Also set for every status but 2xx. */
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
  ): Promise<RawAnswer> {
    // What was given up while its token was read must not go out: nobody would end it.
    if (signal.aborted) throw abortReason(signal);
    const ctx = new EventEmitter();
    const cancel = (): void => void ctx.emit('cancel');
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const { statusCode, headers: answered, body } = await this.request(request, headers, ctx);
      return { status: statusCode ?? 0, headers: answered, body: body ?? NO_BODY };
    } finally {
      signal.removeEventListener('abort', cancel);
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
    // Taken as they are: on its own way out the client rewrites errors, and with them goes the code.
    const { res, err } = await this.client._request(options, (outcome, next) => {
      next(false, undefined, { ...outcome });
    });
    if (err && err.isResponse !== true) throw err;
    if (!res) throw new Error('The request ended without an answer.');
    return res;
  }
}

/** The connections of a transport. */
export interface ConnectionOptions {
  /** How many at a time; further requests wait for one. */
  readonly maxSockets: number;
  /** Milliseconds without a byte after which one is closed; it stays open by default. */
  readonly timeout?: number;
}

/**
 * A transport on the package `consul`, with connections of its own that are kept alive.
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
  // The client would look up an IPv6 address with its brackets; what the agent says wins.
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
