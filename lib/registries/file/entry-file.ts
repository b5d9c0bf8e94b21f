import { createHash, randomBytes } from 'node:crypto';
import { expected } from '../../common/expected.js';
import { isName } from '../../common/names.js';
import { checkRecord, MAX_VALUE_BYTES } from '../../registry/check-record.js';
import { readInstance } from '../../registry/instance-shape.js';
import { type EntryRecord } from '../../registry/entry-record.js';
import { isSessionId } from './session-file.js';

/** Greatest file of an entry, in bytes: JSON may need six for one, and there are names and a session beside the value. */
export const MAX_ENTRY_FILE_BYTES = 6 * MAX_VALUE_BYTES + 16_384;

/** What the file of an entry says. */
export interface EntryFile {
  readonly record: EntryRecord;
  /** The session that keeps it alive; undefined for an entry written by hand, which nobody keeps. */
  readonly session: string | undefined;
}

/** The text of an entry's file. No two are alike, so that the digest of a text is a version. */
export function entryText(record: EntryRecord, session: string): string {
  const content =
    record.kind === 'key' ? { key: record.key, value: record.value } : { instance: record.instance };
  const nonce = randomBytes(9).toString('base64url');
  return `${JSON.stringify({ format: 1, session, nonce, ...content })}\n`;
}

/** The version of an entry: the digest of its file's text. */
export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/**
 * Reads the text of an entry's file.
 *
 * @throws InvalidOptionError with what was expected, for whatever it is not
 */
export function readEntryText(text: string): EntryFile {
  const value = parse(text);
  if (typeof value !== 'object' || value === null) throw expected('entry', 'an object', value);
  const { format, session, key, value: kept, instance } = value as Readonly<Record<string, unknown>>;
  if (format !== 1) throw expected('entry.format', '1', format);
  if (session !== undefined && !isSessionId(session))
    throw expected('entry.session', 'the id of a session', session);
  if (key === undefined)
    return {
      record: checked({ kind: 'instance', instance: readInstance('entry.instance', instance) }),
      session,
    };
  if (!isName(key)) throw expected('entry.key', 'a name', key);
  if (typeof kept !== 'string') throw expected('entry.value', 'a text', kept);
  return { record: checked({ kind: 'key', key, value: kept }), session };
}

function checked(record: EntryRecord): EntryRecord {
  checkRecord(record);
  return record;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw expected('entry', 'JSON', text);
  }
}
