import { type RecordWithTtl, type SrvRecord } from 'node:dns';
import { SocketAddress } from 'node:net';

/** The types of records that are asked for, by their numbers. */
export const RECORD_TYPES = Object.freeze({ A: 1, AAAA: 28, SRV: 33 });

export type RecordType = keyof typeof RECORD_TYPES;

/** What a name server answered. */
export interface DnsMessage {
  /** 0 for success, 3 for a name that does not exist. */
  readonly rcode: number;
  /** Whether the server itself says that it left something out. */
  readonly truncated: boolean;
  readonly srv: readonly SrvRecord[];
  /** Of A and AAAA records. */
  readonly addresses: readonly RecordWithTtl[];
}

const HEADER_BYTES = 12;
const RECURSION_DESIRED = 0x0100;
const RESPONSE = 0x8000;
const TRUNCATED = 0x0200;
const INTERNET = 1;

/** Pointers followed in one name; more are a loop. */
const MAX_POINTERS = 64;
const MAX_NAME_LENGTH = 255;

/** One question as a packet. */
export function encodeQuestion(id: number, name: string, type: RecordType): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const labels = name.replace(/\.$/, '').split('.');
  const encoded = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([header, ...encoded, Buffer.from([0, 0, RECORD_TYPES[type], 0, INTERNET])]);
}

/**
 * The records of an answer.
 *
 * @throws RangeError when it ends too early or names point in a circle, Error when it answers another question
 */
export function decodeAnswer(packet: Buffer, id: number): DnsMessage {
  const flags = packet.readUInt16BE(2);
  if (packet.readUInt16BE(0) !== id || (flags & RESPONSE) === 0)
    throw new Error('Expected the answer to the question that was asked, got another packet.');
  const srv: SrvRecord[] = [];
  const addresses: RecordWithTtl[] = [];
  let at = HEADER_BYTES;
  for (let left = packet.readUInt16BE(4); left > 0; left--) at = readName(packet, at).end + 4;
  for (let left = packet.readUInt16BE(6); left > 0; left--) {
    const { end } = readName(packet, at);
    const data = end + 10;
    at = data + packet.readUInt16BE(end + 8);
    if (at > packet.length) throw new RangeError('Expected a whole record, got the beginning of one.');
    if (packet.readUInt16BE(end + 2) !== INTERNET) continue;
    const type = packet.readUInt16BE(end);
    const ttl = packet.readUInt32BE(end + 4);
    if (type === RECORD_TYPES.SRV) srv.push(readSrv(packet, data));
    else if (type === RECORD_TYPES.A) addresses.push({ address: readAddress(packet, data, 4), ttl });
    else if (type === RECORD_TYPES.AAAA) addresses.push({ address: readAddress(packet, data, 16), ttl });
  }
  return { rcode: flags & 0xf, truncated: (flags & TRUNCATED) !== 0, srv, addresses };
}

function readSrv(packet: Buffer, at: number): SrvRecord {
  return {
    priority: packet.readUInt16BE(at),
    weight: packet.readUInt16BE(at + 2),
    port: packet.readUInt16BE(at + 4),
    name: readName(packet, at + 6).name,
  };
}

/** As Node's own resolver writes it, since the ids of instances are made of it. */
function readAddress(packet: Buffer, at: number, bytes: 4 | 16): string {
  const data = packet.subarray(at, at + bytes);
  if (data.length < bytes) throw new RangeError('Expected a whole address, got the beginning of one.');
  if (bytes === 4) return [...data].join('.');
  const groups = data.toString('hex').match(/.{4}/g) ?? [];
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

/** The name at `at`, and where what follows it begins. */
function readName(packet: Buffer, at: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let end: number | undefined;
  let pointers = 0;
  let length = 0;
  for (;;) {
    const size = packet.readUInt8(at);
    if (size >= 0xc0) {
      if (++pointers > MAX_POINTERS) throw new RangeError('Expected a name, got pointers in a circle.');
      end ??= at + 2;
      at = packet.readUInt16BE(at) & 0x3fff;
      continue;
    }
    at += 1;
    if (size === 0) return { name: labels.join('.'), end: end ?? at };
    length += size + 1;
    if (size > 63 || length > MAX_NAME_LENGTH) throw new RangeError('Expected a name of at most 255 bytes.');
    if (at + size > packet.length) throw new RangeError('Expected a whole name, got the beginning of one.');
    labels.push(packet.toString('latin1', at, at + size).replace(/[.\\]/g, '\\$&'));
    at += size;
  }
}
