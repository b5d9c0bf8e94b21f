import { freePort } from '../../common/free-port.js';

/** The local address of all servers of this instance. */
export const ADDRESS = '127.0.0.1';

/**
 * The ports of gRPC and TCP, registered by these names. Free ones, since three instances run on this machine; a
 * deployment would choose them.
 */
export const PORTS = { grpc: await freePort(), tcp: await freePort() };
