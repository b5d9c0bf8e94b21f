import { type ClientProxy, type ReadPacket } from '@nestjs/microservices';
import { type Subscription } from 'rxjs';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { type AnswerCallback, type EndpointClient, type SocketListener } from './endpoint-client.js';
import { type ConnectionFactory, EndpointConnections } from './endpoint-connections.js';
import { Message } from './message.js';
import { MessageRoute } from './message-route.js';
import { MessageRouter } from './message-router.js';
import { type MicroservicesPackage } from './microservices-package.js';

/** What a service client needs. */
export interface ServiceClientOptions {
  readonly handle: ServiceHandle;
  /** Name of one of the endpoints' `ports`; undefined for their `port`. */
  readonly port: string | undefined;
  /** Makes connections whose sockets have the listeners. */
  readonly connectionFactory: (listeners: readonly SocketListener[]) => ConnectionFactory;
}

type ServiceClientClass = new (options: ServiceClientOptions) => ClientProxy;

/** For each message while an instance is connected. */
const CONNECTED = Promise.resolve();

const classes = new WeakMap<object, ServiceClientClass>();

/** The class for a copy of `@nestjs/microservices`. */
export function serviceClientClass({ ClientProxy }: MicroservicesPackage): ServiceClientClass {
  const known = classes.get(ClientProxy);
  if (known) return known;

  /** A client of Nest's TCP transport for a service: each message goes to the instance that the handle picks. */
  class ServiceClientTCP extends ClientProxy {
    private readonly handle: ServiceHandle;
    private readonly listeners: SocketListener[] = [];
    private readonly connections: EndpointConnections;
    private readonly router: MessageRouter;
    private following: Subscription | undefined;

    constructor({ handle, port, connectionFactory }: ServiceClientOptions) {
      super();
      this.handle = handle;
      this.connections = new EndpointConnections(connectionFactory(this.listeners), () => {
        this._status$.next(this.connections.anyReady ? 'connected' : 'disconnected');
      });
      this.router = new MessageRouter(handle, this.connections, port);
    }

    /** Resolves when one instance is connected. Nest calls it before each message. */
    override connect(): Promise<void> {
      this.following ??= this.handle.changes.subscribe(({ endpoints, expired }) => {
        this.connections.follow(endpoints, new Set(expired.map(({ id }) => id)));
      });
      return this.connections.anyReady ? CONNECTED : this.router.connect();
    }

    /** Closes every connection. A later message connects again. */
    override close(): void {
      this.following?.unsubscribe();
      this.following = undefined;
      this.router.close();
      this.connections.close();
      this.listeners.length = 0;
    }

    /** Listens to the sockets of all instances, also of those that are connected later, until `close()`. */
    override on(event: never, callback: never): void {
      this.listeners.push({ event, callback });
      this.connections.listen({ event, callback });
    }

    /** The sockets of the instances that are connected. */
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the signature of ClientProxy
    override unwrap<T>(): T {
      const { ready } = this.connections;
      if (ready.length === 0) throw new Error('Not initialized. Please call the "connect" method first.');
      return ready.map(({ ready: client }) => client?.unwrap()) as T;
    }

    protected override publish(packet: ReadPacket, callback: AnswerCallback): () => void {
      const message = new Message(packet, callback, this.router);
      message.send();
      return () => {
        message.forget();
      };
    }

    protected override async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
      const { router } = this;
      const route = new MessageRoute(router.begin(), router.closes);
      let client = await router.find(route);
      for (;;) {
        const sending = eventBy(route, client, packet);
        try {
          await sending;
          route.attempt?.end('success');
          return undefined as T;
        } catch (error) {
          client = await router.again(route, error as Error);
        }
      }
    }
  }
  classes.set(ClientProxy, ServiceClientTCP);
  return ServiceClientTCP;
}

/** @throws the error of a packet that cannot be serialized, which is not the instance's */
function eventBy({ attempt }: MessageRoute, client: EndpointClient, packet: ReadPacket): Promise<void> {
  try {
    return client.event(packet);
  } catch (error) {
    attempt?.end('aborted', error);
    throw error;
  }
}
