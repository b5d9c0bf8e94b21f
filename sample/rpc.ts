import { fileURLToPath } from 'node:url';

/** The description of the gRPC service, for servers and clients. The path is that of the compiled file. */
export const GRPC = {
  package: 'appserver',
  protoPath: fileURLToPath(new URL('../appserver.proto', import.meta.url)),
};
