import { expected } from '../../common/expected.js';

/**
 * Longest key, and longest key and value together, in UTF-8 bytes: what etcd accepts as one request unless its
 * operator says otherwise.
 */
export const MAX_REQUEST_BYTES = 1_572_864;

/** Levels of a key. Whoever may write one could else make a tree that nobody can walk through. */
export const MAX_LEVELS = 1_000;

const MAX_SHOWN_LENGTH = 200;

/**
 * A key as the v2 API writes it: one leading slash, slashes joined, a trailing slash kept. The empty key is the root.
 *
 * @throws InvalidOptionError for what is no text, holds NUL, has a `.` or `..` segment (the v2 server resolved them,
 * which lets a name escape its directory), is not well-formed Unicode, is too long or has more than
 * {@link MAX_LEVELS} levels; nothing has been sent
 */
export function canonicalKey(key: unknown): string {
  const what = 'a key without NUL, without "." and ".." segments';
  if (typeof key !== 'string') throw expected('key', what, key);
  if (key.includes('\0') || !key.isWellFormed()) throw expected('key', what, key.slice(0, MAX_SHOWN_LENGTH));
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_REQUEST_BYTES)
    throw expected('key', `a key of at most ${MAX_REQUEST_BYTES} bytes`, `${bytes} bytes`);
  const canonical = `/${key}`.replace(/\/{2,}/g, '/');
  if (/\/\.{1,2}(\/|$)/.test(canonical)) throw expected('key', what, key.slice(0, MAX_SHOWN_LENGTH));
  const levels = levelsOf(canonical);
  if (levels > MAX_LEVELS) throw expected('key', `a key of at most ${MAX_LEVELS} levels`, `${levels} levels`);
  return canonical;
}

/** How many names there are in a key. */
export function levelsOf(key: string): number {
  return key.split('/').length - 1;
}

/**
 * Where a node of the v2 tree lives in v3's flat space. A file is the v3 key of the same name; a directory is every
 * key below `directory`; a directory that was made on purpose, and may be empty, has a marker: the key `directory`
 * itself, which no file can have since it ends in a slash.
 */
export class KeyPath {
  /** The node's key without a trailing slash; `/` for the root. */
  readonly key: string;
  /** The prefix of everything below, and the key of the marker: `/foo/`. */
  readonly directory: string;
  /** The caller wrote a trailing slash: what is meant is the directory, and its parent need not be readable. */
  readonly slashed: boolean;

  private constructor(canonical: string) {
    this.slashed = canonical.endsWith('/');
    this.directory = this.slashed ? canonical : `${canonical}/`;
    this.key = canonical === '/' ? '/' : this.directory.slice(0, -1);
  }

  /** @throws InvalidOptionError, see {@link canonicalKey} */
  static of(key: unknown): KeyPath {
    return new KeyPath(canonicalKey(key));
  }

  get root(): boolean {
    return this.key === '/';
  }

  /** The node `name` of this directory. */
  child(name: string): KeyPath {
    return new KeyPath(this.directory + name);
  }

  /** The directories above, outermost first, without the root: `/a/b/c` has `/a` and `/a/b`. */
  get ancestors(): readonly KeyPath[] {
    const paths: KeyPath[] = [];
    for (let at = this.key.indexOf('/', 1); at > 0; at = this.key.indexOf('/', at + 1)) {
      paths.push(new KeyPath(this.key.slice(0, at)));
    }
    return paths;
  }
}

/** The end of the range of all keys that begin with `directory`: its slash (0x2f) counted one up. */
export function rangeEnd(directory: string): string {
  return `${directory.slice(0, -1)}0`;
}
