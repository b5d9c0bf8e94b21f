import type { IPermission } from 'etcd3';
import { expected } from '../common/expected.js';
import { canonicalKey, rangeEnd } from './keys/key-path.js';

/** The kind of access that a permission grants. */
export type PermissionType = 'read' | 'write' | 'readwrite';

/** A permission of a role. */
export interface Permission {
  /**
   * One key (`/foo`), all keys below a directory (`/foo/`), or all keys with a prefix (`/foo*`). Any other range, granted
   * with another tool, is shown as `[from, to)`.
   */
  readonly prefix: string;
  /** The access that is granted. */
  readonly type: PermissionType;
}

/** A range of keys as in etcd's permissions. An empty end means the single key. */
export interface KeyRange {
  readonly key: Buffer;
  readonly range_end: Buffer;
}

const WIRE_NAMES = { read: 'Read', write: 'Write', readwrite: 'Readwrite' } as const;

/**
 * The type as in etcd's protocol.
 *
 * @throws InvalidOptionError when `type` is not a {@link PermissionType}
 */
export function wirePermission(type: unknown): (typeof WIRE_NAMES)[PermissionType] {
  for (const [name, wire] of Object.entries(WIRE_NAMES)) if (name === type) return wire;
  throw expected('type', '"read", "write" or "readwrite"', type);
}

/** The first key after all keys with `prefix`; `\0`, which means no end, when there is none. */
function afterPrefix(prefix: string): Buffer {
  const bytes = Buffer.from(prefix);
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    const byte = bytes[at] ?? 0xff;
    if (byte < 0xff) return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte + 1])]);
  }
  return Buffer.from([0]);
}

/**
 * The key range of a prefix: `/foo` is that key, `/foo/` and `/foo/*` are all keys below it, `/foo*` all keys with that
 * prefix, `*` and `/*` all keys of the tree.
 *
 * @throws InvalidOptionError when `prefix` is not a valid key
 */
export function permissionRange(prefix: unknown): KeyRange {
  if (typeof prefix !== 'string' || prefix === '') throw expected('prefixes', 'non-empty keys', prefix);
  const starred = prefix.endsWith('*');
  const key = canonicalKey(starred ? prefix.slice(0, -1) : prefix);
  if (!starred && !key.endsWith('/')) return { key: Buffer.from(key), range_end: Buffer.alloc(0) };
  const end = key.endsWith('/') ? Buffer.from(rangeEnd(key)) : afterPrefix(key);
  return { key: Buffer.from(key), range_end: end };
}

/** The permission for a range of etcd's protocol, with the prefix it was granted for. */
export function toPermission({ permType, key, range_end }: IPermission): Permission {
  const type = permType.toLowerCase() as PermissionType;
  const text = key.toString();
  if (range_end.length === 0) return { prefix: text, type };
  if (range_end.equals(afterPrefix(text))) return { prefix: text.endsWith('/') ? text : `${text}*`, type };
  return { prefix: `[${text}, ${range_end.toString()})`, type };
}
