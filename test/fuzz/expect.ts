import assert from 'node:assert/strict';
import { isHost, isPort } from '../../lib/common/address.js';
import { isName } from '../../lib/common/names.js';
import { type Instance } from '../../lib/registry/instance.js';
import { type EntryRecord, entryKeyId, entryKeyOf } from '../../lib/registry/entry-record.js';
import { type Listing } from '../../lib/registry/registry.js';

/** Characters of the sentence that says why an entry cannot be understood. */
const LONGEST_REASON = 1_000;
/** Bytes of a value, as the library promises. */
const LARGEST_VALUE = 65_536;

/** That what came in as an instance is one, in every field, and frozen. */
export function expectInstance(instance: Instance): void {
  const { service, id, address, port, ports, tags, meta, weight, zone } = instance;
  assert.ok(isName(service) && isName(id), 'service and id are names');
  assert.ok(isHost(address), 'the address is one');
  assert.ok(isPort(port), 'the port is one');
  assert.ok(Object.values(ports).every(isPort), 'the further ports are ports');
  assert.ok(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'), 'tags are texts');
  assert.ok(
    Object.values(meta).every((value) => typeof value === 'string'),
    'metadata is made of texts',
  );
  assert.ok(Number.isInteger(weight) && weight >= 0 && weight <= 65_535, 'the weight is one');
  assert.ok(zone === undefined || typeof zone === 'string', 'the zone is a string');
  for (const part of [instance, ports, tags, meta]) assert.ok(Object.isFrozen(part), 'all of it is frozen');
  for (const record of [ports, meta])
    assert.equal(Object.getPrototypeOf(record), Object.prototype, 'a name changes no prototype');
}

/** That what came in as an entry is one. */
export function expectRecord(record: EntryRecord): void {
  if (record.kind === 'instance') return expectInstance(record.instance);
  assert.ok(isName(record.key), 'the key is a name');
  assert.ok(record.value.isWellFormed(), 'the value is well-formed');
  assert.ok(Buffer.byteLength(record.value) <= LARGEST_VALUE, 'the value is not too long');
}

/** That a complaint can be read. */
export function expectReason(reason: string): void {
  assert.ok(reason.length > 10 && reason.length <= LONGEST_REASON, `a sentence: ${reason.slice(0, 200)}`);
}

/** That a listing is sound: each entry key once, every entry one, every complaint a sentence. */
export function expectListing({ entries, malformed }: Listing): void {
  const entryKeys = entries.map(({ record }) => entryKeyId(entryKeyOf(record)));
  assert.equal(new Set(entryKeys).size, entryKeys.length, 'each entry key occurs once');
  for (const { record, version } of entries) {
    expectRecord(record);
    assert.equal(typeof version, 'string');
  }
  for (const { reason } of malformed) expectReason(reason);
}
