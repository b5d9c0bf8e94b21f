import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { encodeSegment } from '../../common/names.js';
import { type EntryKey } from '../../registry/entry-record.js';
import { type Scope } from '../../registry/registry.js';

/** Longest readable name of a file or folder, in characters; file systems take 255 bytes, number and ending included. */
const MAX_READABLE_LENGTH = 160;

/** What is left of a name beside its digest, for people who look into the folder. */
const READABLE_PREFIX_LENGTH = 60;

/**
 * The name of a file or folder for a service, an id or a key: different for different names, also where the file
 * system ignores case. Readable, unless the name is long or has capitals: then it ends in a digest.
 */
export function stemOf(name: string): string {
  const readable = encodeSegment(name);
  const plain = readable.length <= MAX_READABLE_LENGTH && !/[A-Z]/.test(readable.replace(/%[\dA-F]{2}/g, ''));
  if (plain) return readable;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 32);
  // Never what encodeSegment writes: there, a percent sign stands before two digits.
  return `${readable.slice(0, READABLE_PREFIX_LENGTH).toLowerCase()}%%${digest}`;
}

/** One version of an entry, as its file is named. */
export interface VersionName {
  readonly stem: string;
  /** Greater than every version of the entry key before it; 0 for a file written by hand. */
  readonly number: number;
  readonly file: string;
}

/** The greatest number of a version: no writer gets there by counting. */
export const MAX_VERSION = 999_999_999_999_999;

/** The file of version `number` of the entry with this stem. */
export function versionName(stem: string, number: number): VersionName {
  return { stem, number, file: `${stem}@${number}.json` };
}

/** What a file's name says, or undefined for a file that is none of ours. */
export function readVersionName(file: string): VersionName | undefined {
  const [, stem, digits] = /^([^@]+)(?:@(\d{1,15}))?\.json$/.exec(file) ?? [];
  return stem === undefined ? undefined : { stem, number: Number(digits ?? 0), file };
}

/** Where things are in the folder of a registry. */
export class Layout {
  readonly keys: string;
  readonly services: string;
  readonly sessions: string;
  /** Files being written, on the same file system as the places they go to. */
  readonly temporary: string;

  constructor(readonly root: string) {
    this.keys = join(root, 'keys');
    this.services = join(root, 'services');
    this.sessions = join(root, 'sessions');
    this.temporary = join(root, 'tmp');
  }

  /** The folder with the entries of `scope`. */
  folder(scope: Scope): string {
    return scope.kind === 'key' ? this.keys : join(this.services, stemOf(scope.service));
  }

  /** The file of session `id`. */
  session(id: string): string {
    return join(this.sessions, `${id}.json`);
  }
}

/** The stem of the files of `entry key`, within its folder. */
export function stemOfEntryKey(entryKey: EntryKey): string {
  return stemOf(entryKey.kind === 'key' ? entryKey.key : entryKey.id);
}

/** Files read or removed at the same time: enough to keep the thread pool busy, few enough to leave room for others. */
export const MAX_CONCURRENT_FILES = 8;
