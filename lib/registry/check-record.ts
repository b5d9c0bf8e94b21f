import { expected } from '../common/expected.js';
import { checkName } from '../common/names.js';
import { type EntryRecord, entryKeyOf } from './entry-record.js';
import { type Scope } from './registry.js';

/** The maximum size of a key's value, and of an instance's JSON, in bytes of UTF-8. It is the same for every driver. */
export const MAX_VALUE_BYTES = 65_536;

/**
 * Validates the names in a scope or entry key. Every driver calls this before it lists, watches or removes.
 *
 * @throws InvalidOptionError when a name is empty, too long, not well-formed Unicode, or contains control characters
 */
export function checkScope(scope: Scope): void {
  if (scope.kind === 'key') {
    checkName('key', scope.key);
    return;
  }
  checkName('service', scope.service);
  if (scope.kind === 'instance') checkName('id', scope.id);
  else if (scope.dc !== undefined) checkName('dc', scope.dc);
}

/**
 * Validates a record: its names, its size, and that its strings are well-formed Unicode, which every registry returns
 * unchanged. Every driver calls this before it writes.
 *
 * @throws InvalidOptionError that names the first invalid field
 */
export function checkRecord(record: EntryRecord): void {
  checkScope(entryKeyOf(record));
  if (record.kind === 'key') {
    checkStrings('value', [record.value]);
    checkSize('value', record.value);
    return;
  }
  const { tags, meta, ports, zone } = record.instance;
  checkStrings('tags', tags);
  checkStrings('meta', Object.entries(meta).flat());
  checkStrings('ports', Object.keys(ports));
  if (zone !== undefined) checkStrings('zone', [zone]);
  checkSize('instance', JSON.stringify(record.instance));
}

function checkStrings(name: string, values: readonly string[]): void {
  const broken = values.find((value) => !value.isWellFormed());
  if (broken !== undefined) throw expected(name, 'well-formed Unicode', broken);
}

function checkSize(name: string, value: string): void {
  const size = Buffer.byteLength(value);
  if (size > MAX_VALUE_BYTES) throw expected(name, `at most ${MAX_VALUE_BYTES} bytes`, `${size} bytes`);
}
