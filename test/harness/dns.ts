import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import packet, { type Answer, type Packet } from 'dns-packet';
import { freePorts } from './ports.js';

/**
 * The server's answer for a name: its records, that something is wrong with it, nothing at all, or bytes that it sends
 * as they are behind the id of the question.
 */
export type DnsZone = Map<string, readonly Answer[] | 'servfail' | 'refused' | 'silent' | Buffer>;

/** RCODEs, in the low bits of the flags. */
const NXDOMAIN = 3;
const FAILURES = { servfail: 2, refused: 5 } as const;
const AUTHORITATIVE = 1 << 10;

/** How a name server behaves. */
export interface DnsServerOptions {
  /** Whether it answers over TCP too; true by default. */
  readonly tcp?: boolean;
  /** Records that an answer over UDP holds at most, without saying that any are left out, as Consul does. */
  readonly udpLimit?: number;
}

/** A name server on loopback that knows one zone. */
export interface DnsServer {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** May be changed at any time. Names that are not in it do not exist. */
  readonly zone: DnsZone;
  /** How many questions were asked. */
  readonly questions: number;
  stop(): Promise<void>;
}

function reply(zone: DnsZone, query: Packet, limit = Infinity): Buffer | undefined {
  const { id = 0, questions = [] } = query;
  const [question] = questions;
  const known = zone.get(question?.name.toLowerCase() ?? '');
  if (known === 'silent') return undefined;
  if (Buffer.isBuffer(known)) return Buffer.concat([Buffer.from([id >> 8, id & 0xff]), known]);
  const failure = typeof known === 'string' ? FAILURES[known] : known ? 0 : NXDOMAIN;
  const answers = Array.isArray(known)
    ? (known as readonly Answer[]).filter(({ type }) => type === question?.type).slice(0, limit)
    : [];
  return packet.encode({ type: 'response', id, flags: AUTHORITATIVE | failure, questions, answers });
}

/** Starts a name server. */
export async function startDns(
  zone: DnsZone = new Map(),
  { tcp = true, udpLimit }: DnsServerOptions = {},
): Promise<DnsServer> {
  // One port for both protocols: outside of the range that connections of others take theirs from.
  const [port = 0] = await freePorts(1);
  const socket: Socket = createSocket('udp4');
  let questions = 0;
  socket.on('message', (message, from) => {
    questions += 1;
    const answer = reply(zone, packet.decode(message), udpLimit);
    if (answer) socket.send(answer, from.port, from.address);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  const connections = new Set<TcpSocket>();
  const server: Server = createServer((connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('data', (message) => {
      questions += 1;
      const answer = reply(zone, packet.decode(message.subarray(2)));
      if (!answer) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      // In two parts, as the network may deliver it.
      connection.write(Buffer.concat([length, answer.subarray(0, 5)]));
      setImmediate(() => connection.write(answer.subarray(5)));
    });
  });
  if (tcp) {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }
  return {
    address: `127.0.0.1:${port}`,
    zone,
    get questions() {
      return questions;
    },
    stop: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
      for (const connection of connections) connection.destroy();
      if (tcp) await new Promise((resolve) => server.close(resolve));
    },
  };
}
