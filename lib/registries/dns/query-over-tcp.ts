import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { splitHostPort } from '../../common/address.js';
import { onAbort } from '../../common/async/abort.js';
import { decodeResponse, type DnsMessage, encodeQuery, type RecordType } from './message.js';

const DNS_PORT = 53;

/** Length prefix of a message over TCP. */
const LENGTH_BYTES = 2;

/**
 * Sends one query to one name server over TCP, where a response is never truncated to the size of a datagram.
 *
 * @param server `10.0.0.53` or `10.0.0.53:8600`, as `Resolver.getServers()` returns it
 * @param onConnect called when the server has accepted the connection
 * @throws Error when it accepts no connection, or sends no valid response
 */
export async function queryOverTcp(
  server: string,
  name: string,
  type: RecordType,
  signal: AbortSignal,
  onConnect: () => void,
): Promise<DnsMessage> {
  const { host, port } = splitHostPort(server) ?? { host: server, port: DNS_PORT };
  const id = randomInt(0x1_0000);
  const socket = connect({ host, port }, onConnect);
  const removeListener = onAbort(signal, () => {
    socket.destroy(new Error('It did not respond in time.'));
  });
  try {
    return decodeResponse(await exchange(socket, encodeQuery(id, name, type)), id);
  } finally {
    removeListener();
    socket.destroy();
  }
}

async function exchange(socket: Socket, query: Buffer): Promise<Buffer> {
  return await new Promise<Buffer>((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    socket.on('connect', () => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < LENGTH_BYTES) return;
      const end = LENGTH_BYTES + received.readUInt16BE(0);
      if (received.length >= end) resolve(received.subarray(LENGTH_BYTES, end));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error('The connection was closed before the response was complete.'));
    });
  });
}
