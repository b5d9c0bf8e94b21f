import { expected } from '../common/expected.js';
import { checkName } from '../common/names.js';
import { type EntryRecord, entryKeyOf } from './entry-record.js';
import { type Scope } from './registry.js';

/** Longest value of a key, and longest JSON of an instance, in bytes of UTF-8: the same in every registry. */
export const MAX_VALUE_BYTES = 65_536;

/**
 * Checks the names of what is listed, watched or written, alike for every driver.
 *
 * @throws InvalidOptionError when one is empty, too long, not well-formed Unicode or has control characters
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
 * Checks what is to be written, alike for every driver: its names, that every text in it is well-formed Unicode and
 * so comes back as it was, and its size.
 *
 * @throws InvalidOptionError with the first that is not as it should be
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

function checkStrings(name: string, texts: readonly string[]): void {
  const broken = texts.find((text) => !text.isWellFormed());
  if (broken !== undefined) throw expected(name, 'well-formed Unicode', broken);
}

function checkSize(name: string, text: string): void {
  const size = Buffer.byteLength(text);
  if (size > MAX_VALUE_BYTES) throw expected(name, `at most ${MAX_VALUE_BYTES} bytes`, `${size} bytes`);
}
