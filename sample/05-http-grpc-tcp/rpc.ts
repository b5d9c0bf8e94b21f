import { fileURLToPath } from 'node:url';

/** The description of the gRPC service, for servers and clients. The path starts at the compiled file, in `dist`. */
export const GRPC = {
  package: 'appserver',
  protoPath: fileURLToPath(new URL('../../05-http-grpc-tcp/appserver.proto', import.meta.url)),
};
