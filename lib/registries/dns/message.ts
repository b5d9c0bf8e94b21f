import { type RecordWithTtl, type SrvRecord } from 'node:dns';
import { SocketAddress } from 'node:net';

/** The numbers of the record types that the driver queries. */
export const RECORD_TYPES = Object.freeze({ A: 1, AAAA: 28, SRV: 33 });

export type RecordType = keyof typeof RECORD_TYPES;

/** A name server's response. */
export interface DnsMessage {
  /** Response code: 0 for success, 3 for a name that does not exist. */
  readonly rcode: number;
  /** Whether the server reports that it left records out. */
  readonly truncated: boolean;
  readonly srv: readonly SrvRecord[];
  /** The addresses of A and AAAA records. */
  readonly addresses: readonly RecordWithTtl[];
}

const HEADER_BYTES = 12;
const RECURSION_DESIRED_FLAG = 0x0100;
const RESPONSE_FLAG = 0x8000;
const TRUNCATED_FLAG = 0x0200;
const CLASS_IN = 1;

/** Maximum number of compression pointers in one name; more indicate a loop. */
const MAX_POINTERS = 64;
const MAX_NAME_BYTES = 255;

/** Encodes a query with one question. */
export function encodeQuery(id: number, name: string, type: RecordType): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RECURSION_DESIRED_FLAG, 2);
  header.writeUInt16BE(1, 4);
  const labels = name.replace(/\.$/, '').split('.');
  const encoded = labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([header, ...encoded, Buffer.from([0, 0, RECORD_TYPES[type], 0, CLASS_IN])]);
}

/**
 * Decodes a response.
 *
 * @param id the id of the query
 * @throws RangeError when the packet is cut off, or compression pointers form a loop
 * @throws Error when the packet does not respond to the query
 */
export function decodeResponse(packet: Buffer, id: number): DnsMessage {
  const flags = packet.readUInt16BE(2);
  if (packet.readUInt16BE(0) !== id || (flags & RESPONSE_FLAG) === 0)
    throw new Error('Expected the response to the query, got another packet.');
  const srv: SrvRecord[] = [];
  const addresses: RecordWithTtl[] = [];
  let at = HEADER_BYTES;
  for (let left = packet.readUInt16BE(4); left > 0; left--) at = readName(packet, at).end + 4;
  for (let left = packet.readUInt16BE(6); left > 0; left--) {
    const { end } = readName(packet, at);
    const data = end + 10;
    at = data + packet.readUInt16BE(end + 8);
    if (at > packet.length) throw new RangeError('Expected a complete record, got a part of one.');
    if (packet.readUInt16BE(end + 2) !== CLASS_IN) continue;
    const type = packet.readUInt16BE(end);
    const ttl = packet.readUInt32BE(end + 4);
    if (type === RECORD_TYPES.SRV) srv.push(readSrv(packet, data));
    else if (type === RECORD_TYPES.A) addresses.push({ address: readAddress(packet, data, 4), ttl });
    else if (type === RECORD_TYPES.AAAA) addresses.push({ address: readAddress(packet, data, 16), ttl });
  }
  return { rcode: flags & 0xf, truncated: (flags & TRUNCATED_FLAG) !== 0, srv, addresses };
}

function readSrv(packet: Buffer, at: number): SrvRecord {
  return {
    priority: packet.readUInt16BE(at),
    weight: packet.readUInt16BE(at + 2),
    port: packet.readUInt16BE(at + 4),
    name: readName(packet, at + 6).name,
  };
}

/** Formats an address as Node's resolver does. It becomes part of an instance's id, so both must agree. */
function readAddress(packet: Buffer, at: number, bytes: 4 | 16): string {
  const data = packet.subarray(at, at + bytes);
  if (data.length < bytes) throw new RangeError('Expected a complete address, got a part of one.');
  if (bytes === 4) return [...data].join('.');
  const groups = data.toString('hex').match(/.{4}/g) ?? [];
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

/** Reads the name at `at`. `end` is the offset after it. */
function readName(packet: Buffer, at: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let end: number | undefined;
  let pointers = 0;
  let length = 0;
  for (;;) {
    const size = packet.readUInt8(at);
    if (size >= 0xc0) {
      if (++pointers > MAX_POINTERS)
        throw new RangeError('Expected a name, got compression pointers in a loop.');
      end ??= at + 2;
      at = packet.readUInt16BE(at) & 0x3fff;
      continue;
    }
    at += 1;
    if (size === 0) return { name: labels.join('.'), end: end ?? at };
    length += size + 1;
    if (size > 63 || length > MAX_NAME_BYTES)
      throw new RangeError('Expected a name of at most 255 bytes, got a longer one.');
    if (at + size > packet.length) throw new RangeError('Expected a complete name, got a part of one.');
    labels.push(packet.toString('latin1', at, at + size).replace(/[.\\]/g, '\\$&'));
    at += size;
  }
}
