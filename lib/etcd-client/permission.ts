import type { IPermission } from 'etcd3';
import { expected } from '../common/expected.js';
import { canonicalKey, rangeEnd } from './keys/key-path.js';

/** What a role may do with keys. */
export type PermissionType = 'read' | 'write' | 'readwrite';

/** Keys a role has a right to. */
export interface Permission {
  /**
   * One key (`/foo`), everything below a directory (`/foo/`), or everything that begins so (`/foo*`); rights that
   * other tools gave for another range are shown as `[from, to)`.
   */
  readonly prefix: string;
  readonly type: PermissionType;
}

/** A range of keys as etcd's permissions have it; an empty end means the one key. */
export interface KeyRange {
  readonly key: Buffer;
  readonly range_end: Buffer;
}

const WIRE_NAMES = { read: 'Read', write: 'Write', readwrite: 'Readwrite' } as const;

/**
 * The type as etcd's protocol has it.
 *
 * @throws InvalidOptionError when it is none of the three
 */
export function wirePermission(type: unknown): (typeof WIRE_NAMES)[PermissionType] {
  for (const [name, wire] of Object.entries(WIRE_NAMES)) if (name === type) return wire;
  throw expected('type', '"read", "write" or "readwrite"', type);
}

/** The first key after all that begin with `prefix`; `\0`, which means "to the end", where there is none. */
function afterPrefix(prefix: string): Buffer {
  const bytes = Buffer.from(prefix);
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    const byte = bytes[at] ?? 0xff;
    if (byte < 0xff) return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte + 1])]);
  }
  return Buffer.from([0]);
}

/**
 * The keys a prefix stands for: `/foo` the key alone, `/foo/` and `/foo/*` everything below, `/foo*` everything that
 * begins so, `*` and `/*` every key of the tree.
 *
 * @throws InvalidOptionError when it is no key
 */
export function permissionRange(prefix: unknown): KeyRange {
  if (typeof prefix !== 'string' || prefix === '')
    throw expected('prefixes', 'keys that are not empty', prefix);
  const starred = prefix.endsWith('*');
  const key = canonicalKey(starred ? prefix.slice(0, -1) : prefix);
  if (!starred && !key.endsWith('/')) return { key: Buffer.from(key), range_end: Buffer.alloc(0) };
  const end = key.endsWith('/') ? Buffer.from(rangeEnd(key)) : afterPrefix(key);
  return { key: Buffer.from(key), range_end: end };
}

/** A right as it was asked for. */
export function toPermission({ permType, key, range_end }: IPermission): Permission {
  const type = permType.toLowerCase() as PermissionType;
  const text = key.toString();
  if (range_end.length === 0) return { prefix: text, type };
  if (range_end.equals(afterPrefix(text))) return { prefix: text.endsWith('/') ? text : `${text}*`, type };
  return { prefix: `[${text}, ${range_end.toString()})`, type };
}
