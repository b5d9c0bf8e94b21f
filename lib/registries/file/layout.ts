import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { encodeSegment } from '../../common/names.js';
import { type EntryKey, type KeySpace } from '../../registry/entry-record.js';
import { type Scope } from '../../registry/registry.js';

/** The maximum length of a readable name, in characters. File systems allow 255 bytes, version and extension included. */
const MAX_READABLE_LENGTH = 160;

/** The part of a long name that precedes its digest, in characters, for people who inspect the folder. */
const READABLE_PREFIX_LENGTH = 60;

/**
 * Returns the stem of the file or folder name of a service, an id or a key. Stems of different names are different, even on
 * a file system that ignores case. A name that is long or has capital letters gets a stem that ends in a digest.
 */
export function stemOf(name: string): string {
  const readable = encodeSegment(name);
  const plain = readable.length <= MAX_READABLE_LENGTH && !/[A-Z]/.test(readable.replace(/%[\dA-F]{2}/g, ''));
  if (plain) return readable;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  // "%%" is distinct from any result of encodeSegment, where two digits follow a percent sign.
  return `${readable.slice(0, READABLE_PREFIX_LENGTH).toLowerCase()}%%${digest}`;
}

/** The parsed file name of one version of an entry. */
export interface VersionName {
  readonly stem: string;
  /** Increases with every version of the entry key. 0 for a file written by hand. */
  readonly number: number;
  readonly file: string;
}

const REMOVED = '.removed';

/** The name of the marker that outlives version `number` of the entry with this stem. */
export function markerName(stem: string, number: number): string {
  return `${stem}@${number}${REMOVED}`;
}

/** Returns the number of a marker's version. Undefined if `file` is not a marker of this stem. */
export function markedNumber(stem: string, file: string): number | undefined {
  if (!file.startsWith(`${stem}@`) || !file.endsWith(REMOVED)) return undefined;
  const digits = file.slice(stem.length + 1, -REMOVED.length);
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

/** The highest version number. No writer reaches it by incrementing. */
export const MAX_VERSION = 999_999_999_999_999;

/** Returns the file name of version `number` of the entry with this stem. */
export function versionName(stem: string, number: number): VersionName {
  return { stem, number, file: `${stem}@${number}.json` };
}

/** Parses a file name. Returns undefined if it is not the name of an entry's file. */
export function readVersionName(file: string): VersionName | undefined {
  const [, stem, digits] = /^([^@]+)(?:@(\d{1,15}))?\.json$/.exec(file) ?? [];
  return stem === undefined ? undefined : { stem, number: Number(digits ?? 0), file };
}

/** The paths within the folder of a registry. */
export class Layout {
  readonly keys: string;
  readonly services: string;
  readonly sessions: string;
  /** Holds unfinished files. It is on the same file system, so that they can be linked and renamed into place. */
  readonly temporary: string;

  constructor(readonly root: string) {
    this.keys = join(root, 'keys');
    this.services = join(root, 'services');
    this.sessions = join(root, 'sessions');
    this.temporary = join(root, 'tmp');
  }

  /** Returns the folder with the entries of `scope`. */
  folder(scope: Scope): string {
    if (scope.kind !== 'key') return join(this.services, stemOf(scope.service));
    return scope.space === undefined ? this.keys : this.space(scope.space);
  }

  /** Returns the folder with the keys of a space. */
  space(space: KeySpace): string {
    return join(this.root, space);
  }

  /** Returns the file of session `id`. */
  session(id: string): string {
    return join(this.sessions, `${id}.json`);
  }
}

/** Returns the stem of the files of `entryKey` within its folder. */
export function stemOfEntryKey(entryKey: EntryKey): string {
  return stemOf(entryKey.kind === 'key' ? entryKey.key : entryKey.id);
}

/** Limits concurrent file operations, to leave room in Node's thread pool for the application. */
export const MAX_CONCURRENT_FILES = 8;
