import { type CallAttempt } from '../calling/call-attempt.js';
import { type Failure, failureOf } from '../calling/failure.js';
import { type ServiceCall } from '../calling/service-call.js';
import { type ServiceCallOptions } from '../calling/service-calls.js';
import { ClosedError, InvalidOptionError } from '../common/errors/index.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { type EndpointClient } from './endpoint-client.js';
import { type EndpointConnection } from './endpoint-connection.js';
import { type EndpointConnections } from './endpoint-connections.js';
import { type MessageRoute } from './message-route.js';

/** A message has no options of its own. */
const NO_OPTIONS: ServiceCallOptions = Object.freeze({});

/** A message that the socket did not take. */
const NOT_TAKEN: Failure = Object.freeze({ reason: 'connect', outcome: 'failure' });

/** Chooses the instance of each message, and connects to it. */
export class MessageRouter {
  private sweep: Promise<unknown> | undefined;
  private closed = 0;

  /** @param port the name of one of the endpoints' `ports`; undefined for their `port` */
  constructor(
    private readonly handle: ServiceHandle,
    private readonly connections: EndpointConnections,
    private readonly port: string | undefined,
  ) {}

  /** How often the client was closed. */
  get closes(): number {
    return this.closed;
  }

  /** Begins the call of one message. */
  begin(): ServiceCall {
    return this.handle.calls.begin(NO_OPTIONS);
  }

  /**
   * Chooses the instance of a message. Not a promise when the instance is connected. An instance that cannot be reached
   * is followed by another one, as the service's `retry` allows: nothing was sent.
   *
   * @throws NoEndpointsError
   */
  find(route: MessageRoute): EndpointClient | Promise<EndpointClient> {
    const attempt = route.call.begin(this.portOf);
    route.attempt = attempt;
    const { endpoint } = attempt;
    if (this.port !== undefined && this.portOf(endpoint) === undefined) {
      const error = this.noPortError();
      attempt.end('aborted', error);
      throw error;
    }
    const connection = this.connections.of(endpoint);
    route.connection = connection;
    const { ready } = connection;
    route.client = ready;
    return ready ?? this.connected(route, attempt, connection);
  }

  /**
   * Chooses another instance for a message that the socket of its last one did not take.
   *
   * @throws `error` when the service's `retry` does not allow another attempt
   */
  async again(route: MessageRoute, error: Error): Promise<EndpointClient> {
    const { attempt, closes } = route;
    if (closes === this.closed) attempt?.fail(NOT_TAKEN, error);
    else attempt?.end('aborted', error);
    this.retryOrThrow(route, error);
    return await this.find(route);
  }

  /** The client is closed: messages under way connect to no further instance. */
  close(): void {
    this.closed += 1;
    this.sweep = undefined;
  }

  /**
   * Resolves when one instance is connected. Callers during an attempt share it. A service that was not called before has
   * up to `bootTimeout` for its first list.
   *
   * @throws NoEndpointsError
   * @throws ClosedError when the client is closed before the first list
   */
  async connect(): Promise<void> {
    if (this.connections.anyReady) return;
    if (!this.sweep) {
      const sweep = this.connectAny().finally(() => {
        if (this.sweep === sweep) this.sweep = undefined;
      });
      this.sweep = sweep;
    }
    await this.sweep;
  }

  private async connected(
    route: MessageRoute,
    attempt: CallAttempt,
    connection: EndpointConnection,
  ): Promise<EndpointClient> {
    try {
      route.client = await connection.open(route.call.policy.connectTimeoutMs);
      return route.client;
    } catch (error) {
      attempt.fail(failureOf(error, false), error);
      this.retryOrThrow(route, error);
    }
    return await this.find(route);
  }

  private async connectAny(): Promise<void> {
    const { calls } = this.handle;
    const firstList = calls.firstList();
    if (firstList) await this.waitFor(firstList);
    const { candidates } = this.handle;
    // Throws the error that says why there is none.
    if (candidates.length === 0) this.handle.pick();
    const usable = candidates.filter((endpoint) => this.portOf(endpoint) !== undefined);
    if (usable.length === 0) throw this.noPortError();
    const { connectTimeoutMs } = calls.begin(NO_OPTIONS).policy;
    const opened = usable.map((endpoint) => this.connections.of(endpoint).open(connectTimeoutMs));
    await Promise.any(opened).catch((error: unknown) => {
      throw error instanceof AggregateError ? error.errors[0] : error;
    });
  }

  /** @throws ClosedError when the client was closed meanwhile: it must open no connection */
  private async waitFor(firstList: Promise<void>): Promise<void> {
    const { closed } = this;
    await firstList;
    if (closed !== this.closed) throw new ClosedError(`The TCP client of service "${this.handle.name}"`);
  }

  /** @throws `error` when the service's `retry` does not allow another attempt; nothing was sent */
  private retryOrThrow({ call, closes, isForgotten }: MessageRoute, error: unknown): void {
    const isOver = isForgotten || closes !== this.closed;
    if (isOver || !call.mayRetry({ reason: 'connect', repeatable: true, error })) throw error;
  }

  private readonly portOf = ({ port, ports }: Endpoint): number | undefined => {
    if (this.port === undefined) return port;
    return Object.hasOwn(ports, this.port) ? ports[this.port] : undefined;
  };

  private noPortError(): Error {
    return new InvalidOptionError(
      `Expected an instance of service "${this.handle.name}" to have a port named "${String(this.port)}", got none. Register it as \`ports: { ${String(this.port)}: … }\`.`,
    );
  }
}
