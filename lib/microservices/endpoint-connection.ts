import { type Clock, type Timer } from '../common/clock.js';
import { DeadlineExceededError } from '../common/errors/index.js';
import { messageOf } from '../common/thrown.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { ConnectionLostError } from './connection-lost.error.js';
import { type EndListener, type EndpointClient } from './endpoint-client.js';

/** Longest time for which a withdrawn instance keeps the messages that it has not answered. */
export const WITHDRAWN_GRACE_MS = 30_000;

/** Dependencies of an {@link EndpointConnection}. */
export interface ConnectionDeps {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** Makes a client that is not connected. */
  readonly makeClient: (onEnd: EndListener) => EndpointClient;
  /** Called when the connection opens or ends. */
  readonly onChange: () => void;
  /** Called when a retired connection is closed. */
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
  private retired = false;
  private closed = false;

  constructor(
    readonly endpoint: Endpoint,
    readonly port: number,
    private readonly deps: ConnectionDeps,
  ) {}

  /** The client when a message that is sent now reaches the socket. */
  get ready(): EndpointClient | undefined {
    return this.opening === undefined && this.client?.writable ? this.client : undefined;
  }

  /** Resolves with a client that is ready. @throws ConnectionLostError, or the error of the socket */
  open(): Promise<EndpointClient> {
    const { ready } = this;
    if (ready) return Promise.resolve(ready);
    if (this.opening) return this.opening;
    this.dropClient(this.lost('the connection was closed'));
    const opening = this.connect().finally(() => {
      if (this.opening === opening) this.opening = undefined;
    });
    this.opening = opening;
    return opening;
  }

  /** The instance was withdrawn: it answers what it has received, and the connection is closed. */
  retire(): void {
    if (this.retired || this.closed) return;
    this.retired = true;
    this.grace = this.deps.clock.after(WITHDRAWN_GRACE_MS, () => {
      this.close(this.lost(`it was withdrawn ${WITHDRAWN_GRACE_MS / 1_000} s ago`));
    });
    this.released();
  }

  /** Called when a message has ended: a retired connection without messages is closed. */
  released(): void {
    if (this.retired && (this.client?.pending ?? 0) === 0) this.close(this.lost('it was withdrawn'));
  }

  /** Closes the connection for good. Messages without an answer fail with `error`. */
  close(error: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.grace?.cancel();
    this.dropClient(error);
    this.deps.onClosed();
  }

  /** The error of messages that this instance has not answered. */
  lost(reason: string, cause?: unknown): ConnectionLostError {
    return new ConnectionLostError(this.endpoint, this.port, reason, { cause });
  }

  private async connect(): Promise<EndpointClient> {
    if (this.closed) throw this.lost('the connection was closed');
    const client = this.deps.makeClient((cause) => {
      if (this.client !== client) return;
      const reason = cause === undefined ? 'the connection was closed' : messageOf(cause);
      this.dropClient(this.lost(reason, cause));
    });
    this.client = client;
    let timer: Timer | undefined;
    try {
      await Promise.race([
        client.connect(),
        new Promise<never>((_resolve, reject) => {
          timer = this.deps.clock.after(this.deps.connectTimeoutMs, () => {
            const what = `Connecting to the instance "${this.endpoint.id}" of service "${this.endpoint.service}"`;
            reject(
              new DeadlineExceededError(`${what} took longer than ${this.deps.connectTimeoutMs / 1_000} s.`),
            );
          });
        }),
      ]);
    } catch (error) {
      if (this.client === client) this.dropClient(this.lost('it could not be reached', error));
      throw error;
    } finally {
      timer?.cancel();
    }
    if (!client.writable) throw this.lost('the connection was closed');
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
}
