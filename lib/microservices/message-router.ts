import { type CallAttempt } from '../calling/call-attempt.js';
import { type Failure, failureOf } from '../calling/failure.js';
import { type ServiceCall } from '../calling/service-call.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { type EndpointClient } from './endpoint-client.js';
import { type EndpointConnection } from './endpoint-connection.js';
import { type EndpointConnections } from './endpoint-connections.js';

/** Where one message goes. */
export interface MessageRoute {
  readonly call: ServiceCall;
  readonly client: EndpointClient;
  readonly connection: EndpointConnection;
  readonly attempt: CallAttempt;
  /** How often the client had been closed when the message began. */
  readonly closes: number;
}

/** A message that the socket did not take. */
const NOT_TAKEN: Failure = Object.freeze({ reason: 'connect', outcome: 'failure' });

/** Chooses the instance of each message, and connects to it. */
export class MessageRouter {
  private sweep: Promise<unknown> | undefined;
  private closes = 0;

  /** @param port the name of one of the endpoints' `ports`; undefined for their `port` */
  constructor(
    private readonly handle: ServiceHandle,
    private readonly connections: EndpointConnections,
    private readonly port: string | undefined,
  ) {}

  /**
   * The route of one message. Not a promise when the instance is connected. An instance that cannot be reached is
   * followed by another one, as the service's `retry` allows: nothing was sent.
   *
   * @throws NoEndpointsError
   */
  route(): MessageRoute | Promise<MessageRoute> {
    return this.next(this.handle.calls.begin({}), this.closes);
  }

  /**
   * The route of a message that the socket of its last route did not take.
   *
   * @throws `error` when the service's `retry` does not allow another attempt
   */
  async again({ call, attempt, closes }: MessageRoute, error: Error): Promise<MessageRoute> {
    if (closes === this.closes) attempt.fail(NOT_TAKEN, error);
    else attempt.end('aborted', error);
    this.retryOrThrow(call, closes, error);
    return await this.next(call, closes);
  }

  /** The client is closed: messages under way connect to no further instance. */
  close(): void {
    this.closes += 1;
  }

  /** Resolves when one instance is connected. Callers during an attempt share it. */
  async connect(): Promise<void> {
    if (this.connections.anyReady) return;
    this.sweep ??= this.connectAny().finally(() => {
      this.sweep = undefined;
    });
    await this.sweep;
  }

  private next(call: ServiceCall, closes: number): MessageRoute | Promise<MessageRoute> {
    const attempt = this.begin(call);
    const connection = this.connections.of(attempt.endpoint);
    const { ready: client } = connection;
    const begun = { call, attempt, connection, closes };
    return client ? { ...begun, client } : this.connected(begun);
  }

  private async connected(begun: Omit<MessageRoute, 'client'>): Promise<MessageRoute> {
    const { call, attempt, connection, closes } = begun;
    try {
      const client = await connection.open(call.policy.connectTimeoutMs);
      return { ...begun, client };
    } catch (error) {
      attempt.fail(failureOf(error, false), error);
      this.retryOrThrow(call, closes, error);
    }
    return await this.next(call, closes);
  }

  private begin(call: ServiceCall): CallAttempt {
    const attempt = call.begin(this.portOf);
    if (this.portOf(attempt.endpoint) !== undefined) return attempt;
    const error = this.noPortError();
    attempt.end('aborted', error);
    throw error;
  }

  private async connectAny(): Promise<void> {
    const { candidates, calls } = this.handle;
    // Throws the error that says why there is none.
    if (candidates.length === 0) this.handle.pick();
    const usable = candidates.filter((endpoint) => this.portOf(endpoint) !== undefined);
    if (usable.length === 0) throw this.noPortError();
    const { connectTimeoutMs } = calls.begin({}).policy;
    const opened = usable.map((endpoint) => this.connections.of(endpoint).open(connectTimeoutMs));
    await Promise.any(opened).catch((error: unknown) => {
      throw error instanceof AggregateError ? error.errors[0] : error;
    });
  }

  /** @throws `error` when the service's `retry` does not allow another attempt; nothing was sent */
  private retryOrThrow(call: ServiceCall, closes: number, error: unknown): void {
    if (closes !== this.closes || !call.mayRetry({ reason: 'connect', repeatable: true, error })) throw error;
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
