import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { splitHostPort } from '../../common/address.js';
import { decodeAnswer, type DnsMessage, encodeQuestion, type RecordType } from './message.js';

const DNS_PORT = 53;

/** A packet over TCP stands behind its length. */
const LENGTH_BYTES = 2;

/** No connection came about, so that another attempt would fare no better. */
export class NoConnectionError extends Error {}

/**
 * Asks one name server one question over TCP, where an answer is never cut to the size of a datagram.
 *
 * @param server `10.0.0.53` or `10.0.0.53:8600`, as `Resolver.getServers()` gives it
 * @throws NoConnectionError when the server takes no connection before `signal` aborts
 * @throws Error when it gives no valid answer
 */
export async function askOverTcp(
  server: string,
  name: string,
  type: RecordType,
  signal: AbortSignal,
): Promise<DnsMessage> {
  const { host, port } = splitHostPort(server) ?? { host: server, port: DNS_PORT };
  const id = randomInt(0x1_0000);
  const socket = connect({ host, port });
  const abort = (): void => void socket.destroy(new Error('It did not answer in time.'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    return decodeAnswer(await exchange(socket, encodeQuestion(id, name, type)), id);
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

async function exchange(socket: Socket, question: Buffer): Promise<Buffer> {
  return await new Promise<Buffer>((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    let connected = false;
    socket.on('connect', () => {
      connected = true;
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(question.length);
      socket.write(Buffer.concat([length, question]));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < LENGTH_BYTES) return;
      const end = LENGTH_BYTES + received.readUInt16BE(0);
      if (received.length >= end) resolve(received.subarray(LENGTH_BYTES, end));
    });
    socket.on('error', (error) => {
      reject(connected ? error : new NoConnectionError(error.message, { cause: error }));
    });
    socket.on('close', () => {
      reject(new Error('The connection was closed before the answer was complete.'));
    });
  });
}
