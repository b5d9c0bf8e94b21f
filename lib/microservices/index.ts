/**
 * `nestjs-sidekick/microservices`: Nest's TCP client for services by name.
 *
 * @packageDocumentation
 */
export { ConnectionLostError, type ConnectionLostReason } from './connection-lost.error.js';
export { tcpService, type TcpServiceOptions } from './tcp-service.js';
