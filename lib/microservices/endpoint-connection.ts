import { joinHostPort } from '../common/address.js';
import { type Clock, type Timer } from '../common/clock.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { ConnectionLostError, type ConnectionLostReason } from './connection-lost.error.js';
import { type EndListener, type EndpointClient, type SocketListener } from './endpoint-client.js';

/** Longest time for which the connection to a deregistered instance stays open for answers. */
export const WITHDRAWN_GRACE_MS = 30_000;

/** Bound for a policy without a timeout: the operating system's own takes minutes. */
const MAX_CONNECT_MS = 30_000;

/** Dependencies of an {@link EndpointConnection}. */
export interface ConnectionDeps {
  readonly clock: Clock;
  /** Makes a client that is not connected. */
  readonly makeClient: (onEnd: EndListener) => EndpointClient;
  /** Called when the connection opens or ends. */
  readonly onChange: () => void;
  /** Called once, when the connection is closed for good. */
  readonly onClosed: () => void;
}

/**
 * The connection to one instance: opened when it is first used, and again after it was lost. Each time with another
 * client, since Nest's does not survive `close()`.
 */
export class EndpointConnection {
  private client: EndpointClient | undefined;
  private opening: Promise<EndpointClient> | undefined;
  private grace: Timer | undefined;
  private closedBy: ConnectionLostError | undefined;

  constructor(
    readonly endpoint: Endpoint,
    readonly port: number,
    private readonly deps: ConnectionDeps,
  ) {}

  /** The client, when a message that is sent now reaches the socket. */
  get ready(): EndpointClient | undefined {
    return this.opening === undefined && this.client?.writable ? this.client : undefined;
  }

  /**
   * Resolves with a client that is ready. Callers during an attempt to connect share it.
   *
   * @throws ConnectionLostError, or the error of the socket: nothing was sent
   */
  open(timeoutMs: number): Promise<EndpointClient> {
    const { ready } = this;
    if (ready) return Promise.resolve(ready);
    if (this.opening) return this.opening;
    if (this.closedBy) return Promise.reject(this.closedBy);
    this.dropClient(this.lost('closed'));
    this.opening = this.connect(timeoutMs);
    return this.opening;
  }

  /** Adds a listener to the socket, if there is one. */
  listen({ event, callback }: SocketListener): void {
    this.client?.on(event, callback);
  }

  /** The instance was deregistered: the connection is closed when its messages are answered, or after the grace. */
  retire(): void {
    if (this.grace || this.closedBy) return;
    this.grace = this.deps.clock.after(WITHDRAWN_GRACE_MS, () => {
      this.close('withdrawn');
    });
    this.released();
  }

  /** Called when a message has ended. */
  released(): void {
    if (this.grace && !this.opening && (this.client?.pending ?? 0) === 0) this.close('withdrawn');
  }

  /** Closes the connection for good. Messages without an answer fail. */
  close(reason: ConnectionLostReason): void {
    if (this.closedBy) return;
    this.closedBy = this.lost(reason);
    this.grace?.cancel();
    this.dropClient(this.closedBy);
    this.deps.onClosed();
  }

  private async connect(timeoutMs: number): Promise<EndpointClient> {
    const client = this.deps.makeClient((cause) => {
      if (this.client === client) this.dropClient(this.lost('closed', cause));
    });
    this.client = client;
    const boundMs = Math.min(timeoutMs, MAX_CONNECT_MS);
    const timer = this.deps.clock.after(boundMs, () => {
      if (this.client === client) this.dropClient(this.timedOut(boundMs));
    });
    try {
      await client.connect();
    } catch (error) {
      this.opening = undefined;
      if (this.client === client) this.dropClient(this.lost('closed', error));
      throw error;
    } finally {
      timer.cancel();
    }
    this.opening = undefined;
    // It was closed before this promise has continued.
    if (this.client !== client) throw this.closedBy ?? this.lost('closed');
    this.deps.onChange();
    return client;
  }

  private dropClient(error: Error): void {
    const { client } = this;
    if (!client) return;
    this.client = undefined;
    client.end(error);
    this.deps.onChange();
  }

  private timedOut(timeoutMs: number): Error {
    const where = joinHostPort(this.endpoint.address, this.port);
    return Object.assign(
      new Error(`connect ETIMEDOUT ${where}: no connection within ${timeoutMs / 1_000} s`),
      {
        code: 'ETIMEDOUT',
      },
    );
  }

  private lost(reason: ConnectionLostReason, cause?: unknown): ConnectionLostError {
    return new ConnectionLostError(this.endpoint, this.port, reason, { cause });
  }
}
