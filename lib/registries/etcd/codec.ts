import { joinHostPort, splitHostPort } from '../../common/address.js';
import { formatValue } from '../../common/expected.js';
import { decodeUtf8 } from '../../common/strings.js';
import { MAX_VALUE_BYTES } from '../../registry/check-record.js';
import { type Instance } from '../../registry/instance.js';
import { isString, readInstance } from '../../registry/instance-shape.js';
import { type InstanceKey, type EntryRecord, type EntryKey } from '../../registry/entry-record.js';

/** V8 makes a part of a string that is at least as long as this a slice, which keeps the whole string in memory. */
const MIN_SLICE_LENGTH = 13;

/** `Op` of an existing endpoint in etcd's Go package `naming/endpoints`. */
const OP_ADD = 0;
/** `Op` of a deleted endpoint. Go deletes the key instead; only other writers store this value. */
const OP_DELETE = 1;

/** The fields of an instance that are stored in `Metadata`; the address is in `Addr`. */
const METADATA_FIELDS = ['ports', 'tags', 'meta', 'weight', 'zone'] as const;

/**
 * Encodes a record as the value of its etcd key. A plain key's value is stored unchanged. An instance is stored as the
 * JSON of etcd's Go package `naming/endpoints`, which is never longer than the form that `checkRecord` measures.
 */
export function encodeRecord(record: EntryRecord): Buffer {
  return Buffer.from(record.kind === 'key' ? record.value : encodeInstance(record.instance));
}

function encodeInstance(instance: Instance): string {
  const { address, port, id, tags, meta, weight, zone, ports } = instance;
  return JSON.stringify({
    Op: OP_ADD,
    Addr: joinHostPort(address, port),
    Metadata: { id, tags, meta, weight, ...(zone !== undefined && { zone }), ports },
  });
}

/** A decoded value: a record, a deletion that its writer declared, or the reason in one sentence why it is malformed. */
export type Decoded =
  { readonly record: EntryRecord } | { readonly deleted: true } | { readonly reason: string };

/**
 * Decodes the value of an etcd key. `Metadata` of another writer may be any JSON: fields that are valid for an instance
 * are used, strings under other names become members of `meta`, and the rest is ignored.
 */
export function decodeRecord(entryKey: EntryKey, value: Buffer): Decoded {
  if (value.length > MAX_VALUE_BYTES) {
    return { reason: `Expected a value of at most ${MAX_VALUE_BYTES} bytes, got ${value.length}.` };
  }
  const text = decodeUtf8(value);
  if (text === undefined) return { reason: 'Expected a value in UTF-8, got other bytes.' };
  return entryKey.kind === 'key' ? { record: { ...entryKey, value: text } } : decodeInstance(entryKey, text);
}

interface BareInstance {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
}

function decodeInstance(entryKey: InstanceKey, text: string): Decoded {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return { reason: `Expected JSON like {"Op":0,"Addr":"host:port"}, got ${formatValue(text)}.` };
  }
  const { Op: op = OP_ADD, Addr: addr, Metadata: metadata } = (fields ?? {}) as Record<string, unknown>;
  if (op === OP_DELETE) return { deleted: true };
  if (op !== OP_ADD)
    return { reason: `Expected \`Op\` to be ${OP_ADD} or ${OP_DELETE}, got ${formatValue(op)}.` };
  const target = typeof addr === 'string' ? splitHostPort(addr) : undefined;
  if (!target) {
    return { reason: `Expected \`Addr\` to be host:port, got ${formatValue(addr)}.` };
  }
  const bare: BareInstance = {
    service: entryKey.service,
    id: entryKey.id,
    address: target.host.length < MIN_SLICE_LENGTH ? target.host : Buffer.from(target.host).toString(),
    port: target.port,
  };
  try {
    return { record: { kind: 'instance', instance: instanceOf(bare, metadata) } };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

function instanceOf(bare: BareInstance, metadata: unknown): Instance {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    return readInstance('instance', bare);
  const given = metadata as Readonly<Record<string, unknown>>;
  // An entry of this library has its id here. Its unknown strings come from a later version and are no `meta`.
  const isOwn = given.id === bare.id;
  return (
    (isOwn ? readWhole(bare, given) : undefined) ?? readInstance('instance', withMetadata(bare, given, isOwn))
  );
}

/** The instance with all fields of the metadata; undefined if one of them is invalid. */
function readWhole(
  { service, id, address, port }: BareInstance,
  { ports, tags, meta, weight, zone }: Readonly<Record<string, unknown>>,
): Instance | undefined {
  try {
    return readInstance('instance', { service, id, address, port, ports, tags, meta, weight, zone });
  } catch {
    return undefined;
  }
}

function withMetadata(bare: BareInstance, given: Readonly<Record<string, unknown>>, isOwn: boolean): object {
  const taken = METADATA_FIELDS.filter(
    (field) => given[field] !== undefined && fits(bare, field, given[field]),
  );
  const instance = { ...bare, ...Object.fromEntries(taken.map((field) => [field, given[field]])) };
  if (isOwn) return instance;
  const strings = Object.entries(given).filter(
    ([name, value]) =>
      !(METADATA_FIELDS as readonly string[]).includes(name) && isString(name) && isString(value),
  );
  const meta = taken.includes('meta') ? (given.meta as object) : {};
  return strings.length === 0 ? instance : { ...instance, meta: { ...Object.fromEntries(strings), ...meta } };
}

function fits(bare: BareInstance, field: string, value: unknown): boolean {
  try {
    readInstance('instance', { ...bare, [field]: value });
    return true;
  } catch {
    return false;
  }
}
