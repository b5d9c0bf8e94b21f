import { createHash, randomBytes } from 'node:crypto';
import { expected } from '../../common/expected.js';
import { isName } from '../../common/names.js';
import { checkRecord, MAX_VALUE_BYTES } from '../../registry/check-record.js';
import { readInstance } from '../../registry/instance-shape.js';
import { type EntryRecord } from '../../registry/entry-record.js';
import { isSessionId } from './session-file.js';

/** The maximum size of an entry's file: JSON may need six bytes for one, plus room for the names and the session. */
export const MAX_ENTRY_FILE_BYTES = 6 * MAX_VALUE_BYTES + 16_384;

/** The maximum length of {@link EntryFile.accepted}. A writer would have to be paused while as many others are killed. */
export const MAX_ACCEPTED = 8;

/** The content of an entry's file. */
export interface EntryFile {
  readonly record: EntryRecord;
  /** The session that keeps the entry alive. Undefined for a file written by hand, which never expires. */
  readonly session: string | undefined;
  /** The number of the version that created the entry. Only for keys of a space. */
  readonly created?: number;
  /**
   * The versions that this one builds on, oldest first, whose writers had not finished then. Such a writer finds its base
   * removed, and learns here that its write took effect.
   */
  readonly accepted?: readonly string[];
}

/** Formats an entry's file. A nonce makes each file unique, so that its digest can serve as a version. */
export function entryText(
  record: EntryRecord,
  session: string,
  { created, accepted }: { created?: number | undefined; accepted?: readonly string[] | undefined } = {},
): string {
  const content =
    record.kind === 'key' ? { key: record.key, value: record.value } : { instance: record.instance };
  const nonce = randomBytes(9).toString('base64url');
  return `${JSON.stringify({ format: 1, session, nonce, created, accepted, ...content })}\n`;
}

/** Returns the version of an entry: the digest of its file. */
export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/**
 * Parses an entry's file.
 *
 * @throws InvalidOptionError that names the first invalid field
 */
export function readEntryText(text: string): EntryFile {
  const value = parse(text);
  if (typeof value !== 'object' || value === null) throw expected('entry', 'an object', value);
  const {
    format,
    session,
    created,
    accepted,
    key,
    value: keyValue,
    instance,
  } = value as Readonly<Record<string, unknown>>;
  if (format !== 1) throw expected('entry.format', '1', format);
  if (session !== undefined && !isSessionId(session))
    throw expected('entry.session', 'the id of a session', session);
  if (accepted !== undefined && !isAccepted(accepted))
    throw expected('entry.accepted', `at most ${MAX_ACCEPTED} versions`, accepted);
  const origin = { session, ...(accepted === undefined ? {} : { accepted }) };
  if (key === undefined)
    return {
      record: checked({ kind: 'instance', instance: readInstance('entry.instance', instance) }),
      ...origin,
    };
  if (!isName(key)) throw expected('entry.key', 'a name', key);
  if (typeof keyValue !== 'string') throw expected('entry.value', 'a string', keyValue);
  const record = checked({ kind: 'key', key, value: keyValue });
  if (created === undefined) return { record, ...origin };
  if (typeof created !== 'number' || !Number.isSafeInteger(created) || created < 1)
    throw expected('entry.created', 'the number of a version', created);
  return { record, ...origin, created };
}

function isAccepted(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_ACCEPTED &&
    value.every((version) => typeof version === 'string')
  );
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
