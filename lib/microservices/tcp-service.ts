import { type CustomClientOptions, type TcpClientOptions } from '@nestjs/microservices';
import { systemClock } from '../common/clock.js';
import { checkObject, expected } from '../common/expected.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { endpointClientClass, type SocketListener, type TcpOptions } from './endpoint-client.js';
import { EndpointConnection } from './endpoint-connection.js';
import { type ConnectionFactory } from './endpoint-connections.js';
import { type MicroservicesPackage, microservicesPackage } from './microservices-package.js';
import { serviceClientClass } from './service-client.js';

/** Options of {@link tcpService}: those of Nest's TCP client except `host` and `port`, and the name of the port. */
export type TcpServiceOptions = Omit<NonNullable<TcpClientOptions['options']>, 'host' | 'port'> & {
  /**
   * Name of one of the endpoints' `ports`.
   *
   * @default the endpoint's `port`
   */
  readonly port?: string;
};

/**
 * The options of a Nest client that sends messages over TCP to the instances of a service, for
 * `ClientsModule.registerAsync`. It keeps one connection to each instance, sends each message to the instance that the
 * handle picks, and follows the list of the handle.
 *
 * ```ts
 * ClientsModule.registerAsync([{ name: 'HERO', inject: [DiscoveryService],
 *   useFactory: (discovery: DiscoveryService) => tcpService(discovery.of('hero')) }])
 * ```
 *
 * @throws MissingPeerError when `@nestjs/microservices` is not installed
 * @throws InvalidOptionError
 */
export function tcpService(
  handle: ServiceHandle,
  options: TcpServiceOptions = {},
): Required<CustomClientOptions> {
  checkHandle(handle);
  checkObject('options', options);
  const { port, ...tcp } = options;
  if (port !== undefined && typeof port !== 'string') throw expected('port', 'the name of a port', port);
  const microservices = microservicesPackage();
  return {
    customClass: serviceClientClass(microservices),
    options: {
      handle,
      port,
      connectionFactory: connectionFactory(microservices, handle.name, port, tcp),
    },
  };
}

function connectionFactory(
  microservices: MicroservicesPackage,
  service: string,
  portName: string | undefined,
  tcp: TcpOptions,
): (listeners: readonly SocketListener[]) => ConnectionFactory {
  const Client = endpointClientClass(microservices);
  // The certificate is the service's: it does not name the addresses of instances.
  const tls = tcp.tlsOptions && { tlsOptions: { servername: service, ...tcp.tlsOptions } };
  return (listeners) => (endpoint, hooks) => {
    const port = portName === undefined ? endpoint.port : (endpoint.ports[portName] ?? endpoint.port);
    return new EndpointConnection(endpoint, port, {
      ...hooks,
      clock: systemClock,
      makeClient: (onEnd) => {
        const client = new Client({ ...tcp, ...tls, host: endpoint.address, port }, onEnd);
        for (const { event, callback } of listeners) client.on(event, callback);
        return client;
      },
    });
  };
}

function checkHandle(handle: unknown): void {
  const { pick, start } = (handle ?? {}) as Partial<ServiceHandle>;
  if (typeof pick !== 'function' || typeof start !== 'function')
    throw expected('handle', 'a ServiceHandle, as DiscoveryService.of(name) returns it', handle);
}
