import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

/** The local address of all servers of this instance. */
export const ADDRESS = '127.0.0.1';

/**
 * The ports of gRPC and TCP, registered by these names. Free ones, since three instances run on this machine; a
 * deployment would choose them.
 */
export const PORTS = { grpc: await freePort(), tcp: await freePort() };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, ADDRESS);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
