/**
 * `nestjs-sidekick/grpc`: Nest's gRPC client for services by name.
 *
 * @packageDocumentation
 */
export { grpcService, type GrpcServiceOptions } from './grpc-service.js';
