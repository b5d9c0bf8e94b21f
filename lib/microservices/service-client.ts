import { type ClientProxy, type ReadPacket } from '@nestjs/microservices';
import { type Subscription } from 'rxjs';
import { type Endpoint } from '../discovery/endpoint.js';
import { type Call } from '../balancing/call.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { ConnectionLostError } from './connection-lost.error.js';
import { type AnswerCallback, type EndpointClient, type SocketListener } from './endpoint-client.js';
import { type EndpointConnection } from './endpoint-connection.js';
import { type ConnectionFactory, EndpointConnections } from './endpoint-connections.js';
import { type MicroservicesPackage } from './microservices-package.js';

/** What a service client needs. */
export interface ServiceClientOptions {
  readonly handle: ServiceHandle;
  readonly makeConnection: (listeners: readonly SocketListener[]) => ConnectionFactory;
  /** Greatest number of instances that are tried for one message. A message that reached a socket is not sent again. */
  readonly attempts: number;
}

const classes = new WeakMap<object, new (options: ServiceClientOptions) => ClientProxy>();

/** The class for a copy of `@nestjs/microservices`. */
export function serviceClientClass({
  ClientProxy,
}: MicroservicesPackage): new (options: ServiceClientOptions) => ClientProxy {
  const known = classes.get(ClientProxy);
  if (known) return known;

  /** A client of Nest's TCP transport for a service: each message goes to the instance that the handle picks. */
  class ServiceClientTCP extends ClientProxy {
    private readonly handle: ServiceHandle;
    private readonly listeners: SocketListener[] = [];
    private readonly connections: EndpointConnections;
    private following: Subscription | undefined;

    constructor(private readonly options: ServiceClientOptions) {
      super();
      this.handle = options.handle;
      this.connections = new EndpointConnections(options.makeConnection(this.listeners), () => {
        this._status$.next(this.connections.anyReady ? 'connected' : 'disconnected');
      });
    }

    /** Resolves when one instance is connected. Nest calls it before each message. */
    override async connect(): Promise<void> {
      this.follow();
      if (this.connections.anyReady) return;
      const { candidates } = this.handle;
      // Throws the error that says why there is none.
      if (candidates.length === 0) this.handle.pick();
      const opened = candidates.map((endpoint) => this.connections.of(endpoint).open());
      await Promise.any(opened).catch((error: unknown) => {
        throw error instanceof AggregateError ? error.errors[0] : error;
      });
    }

    override close(): void {
      this.following?.unsubscribe();
      this.following = undefined;
      this.connections.close();
      this.listeners.length = 0;
    }

    override on(event: never, callback: never): void {
      this.listeners.push({ event, callback });
      for (const { ready } of this.connections.ready) ready?.on(event, callback);
    }

    /** The sockets of the instances that are connected. */
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the signature of ClientProxy
    override unwrap<T>(): T {
      const { ready } = this.connections;
      if (ready.length === 0) throw new Error('Not initialized. Please call the "connect" method first.');
      return ready.map(({ ready: client }) => client?.unwrap()) as T;
    }

    protected override publish(packet: ReadPacket, callback: AnswerCallback): () => void {
      let cancelled = false;
      let forget: (() => void) | undefined;
      this.reach(() => cancelled).then(
        ({ client, connection, call }) => {
          if (cancelled) {
            call.done();
            connection.released();
            return;
          }
          const end = client.request(packet, (answer) => {
            if (answer.err ?? answer.isDisposed)
              call.done(answer.err instanceof ConnectionLostError ? answer.err : undefined);
            callback(answer);
          });
          forget = () => {
            end();
            call.done();
            connection.released();
          };
        },
        (err: unknown) => {
          if (!cancelled) callback({ err });
        },
      );
      return () => {
        cancelled = true;
        forget?.();
      };
    }

    protected override async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
      const { client, call } = await this.reach(() => false);
      try {
        await client.event(packet);
        call.done();
      } catch (error) {
        call.done(error);
        throw error;
      }
      return undefined as T;
    }

    /** Picks an instance and connects to it; if that fails to another, since nothing was sent. */
    private async reach(isCancelled: () => boolean): Promise<Reached> {
      const tried = new Set<Endpoint>();
      for (;;) {
        const endpoint = this.pickUntried(tried);
        tried.add(endpoint);
        const call = this.handle.start(endpoint);
        const connection = this.connections.of(endpoint);
        try {
          return { client: connection.ready ?? (await connection.open()), connection, call };
        } catch (error) {
          call.done(error);
          const isLast = tried.size >= this.options.attempts || tried.size >= this.handle.candidates.length;
          if (isLast || isCancelled()) throw error;
        }
      }
    }

    private pickUntried(tried: ReadonlySet<Endpoint>): Endpoint {
      let endpoint = this.handle.pick();
      for (let n = this.handle.candidates.length; n > 1 && tried.has(endpoint); n -= 1)
        endpoint = this.handle.pick();
      return endpoint;
    }

    private follow(): void {
      this.following ??= this.handle.changes.subscribe(({ endpoints, expired }) => {
        this.connections.follow(endpoints, new Set(expired.map(({ id }) => id)));
      });
    }
  }
  classes.set(ClientProxy, ServiceClientTCP);
  return ServiceClientTCP;
}

interface Reached {
  readonly client: EndpointClient;
  readonly connection: EndpointConnection;
  readonly call: Call;
}
