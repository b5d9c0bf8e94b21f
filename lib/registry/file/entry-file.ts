import { createHash, randomBytes } from 'node:crypto';
import { RegistryRefusedError } from '../../kernel/errors/index.js';
import { expected } from '../../kernel/expected.js';
import { isName } from '../../kernel/names.js';
import { readInstance } from '../instance-shape.js';
import { type Item, slotLabel, slotOf } from '../item.js';

/** Greatest file of an entry, in bytes. */
export const MAX_ENTRY_FILE = 65_536;

/** What the file of an entry says. */
export interface EntryFile {
  readonly item: Item;
  /** The session that keeps it alive; undefined for an entry written by hand, which nobody keeps. */
  readonly session: string | undefined;
}

const SESSION_ID = /^[a-z0-9-]{1,64}$/;

/**
 * The text of an entry's file. No two are alike, so that the digest of a text is a version.
 *
 * @throws RegistryRefusedError when it is greater than {@link MAX_ENTRY_FILE}
 */
export function entryText(item: Item, session: string): string {
  const content = item.kind === 'key' ? { key: item.key, value: item.value } : { instance: item.instance };
  const nonce = randomBytes(9).toString('base64url');
  const text = `${JSON.stringify({ format: 1, session, nonce, ...content })}\n`;
  const size = Buffer.byteLength(text);
  if (size > MAX_ENTRY_FILE)
    throw new RegistryRefusedError(
      `The file registry keeps entries of at most ${MAX_ENTRY_FILE} bytes, but ${slotLabel(slotOf(item))} takes ${size}.`,
    );
  return text;
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
  if (session !== undefined && !(typeof session === 'string' && SESSION_ID.test(session)))
    throw expected('entry.session', 'the id of a session', session);
  if (key === undefined)
    return { item: { kind: 'instance', instance: readInstance('entry.instance', instance) }, session };
  if (!isName(key)) throw expected('entry.key', 'a name', key);
  if (typeof kept !== 'string') throw expected('entry.value', 'a text', kept);
  return { item: { kind: 'key', key, value: kept }, session };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw expected('entry', 'JSON', text);
  }
}
