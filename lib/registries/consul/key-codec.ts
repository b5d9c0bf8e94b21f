import { formatValue } from '../../common/expected.js';
import { decodeUtf8 } from '../../common/strings.js';
import { MAX_VALUE_BYTES } from '../../registry/check-record.js';
import { type PlainKey, entryKeyLabel, isReserved } from '../../registry/entry-record.js';
import { type RegistryEntry, type MalformedEntry } from '../../registry/registry.js';
import { isObject } from './consul-response.js';
import { ownerOf } from './owner.js';

/** A key in Consul's key/value store. */
export interface StoredKey {
  readonly entry: RegistryEntry;
  /** Changes with every write; used as a guard. */
  readonly modifyIndex: number;
  /** The Consul session that locks the key. */
  readonly session: string | undefined;
}

/** Decodes one element of the response to `GET /v1/kv/…`. */
export function decodeKey(entryKey: PlainKey, element: unknown): StoredKey | MalformedEntry {
  const malformed = (what: string, got: unknown): MalformedEntry => ({
    entryKey,
    reason: `Expected ${what} in Consul's ${entryKeyLabel(entryKey)}, got ${formatValue(got)}.`,
  });
  if (!isObject(element)) return malformed('an object', element);
  const { Value, ModifyIndex, CreateIndex, Session, Flags } = element;
  if (Value !== null && typeof Value !== 'string') return malformed('a value in base64', Value);
  if (typeof ModifyIndex !== 'number') return malformed('a ModifyIndex', ModifyIndex);
  const session = typeof Session === 'string' && Session !== '' ? Session : undefined;
  const bytes = Buffer.from(Value ?? '', 'base64');
  if (bytes.length > MAX_VALUE_BYTES)
    return malformed(`a value of at most ${MAX_VALUE_BYTES} bytes`, bytes.length);
  const value = decodeUtf8(bytes);
  if (value === undefined) return malformed('a value in UTF-8', Value);
  return {
    entry: {
      record: { ...entryKey, value },
      version: String(ModifyIndex),
      owner: session === undefined ? undefined : (ownerOf(Flags) ?? session),
      ...(isReserved(entryKey) && typeof CreateIndex === 'number'
        ? { createRevision: String(CreateIndex) }
        : {}),
    },
    modifyIndex: ModifyIndex,
    session,
  };
}

/** Whether {@link decodeKey} succeeded. */
export function isStoredKey(decoded: StoredKey | MalformedEntry): decoded is StoredKey {
  return 'entry' in decoded;
}
