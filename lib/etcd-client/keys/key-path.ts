import { expected } from '../../common/expected.js';

/**
 * Maximum size of a key, and of a key and its value together, in UTF-8 bytes. It is etcd's default limit of a request
 * (`--max-request-bytes`).
 */
export const MAX_REQUEST_BYTES = 1_572_864;

/** Maximum number of levels of a key. It bounds the depth of the trees that a client has to walk through. */
export const MAX_LEVELS = 1_000;

/** A message shows at most this many characters of an invalid key. */
const MAX_SHOWN_LENGTH = 200;

/**
 * Normalizes a key: one leading slash, repeated slashes merged, a trailing slash kept. The empty key is the root.
 *
 * `.` and `..` segments are refused. The v2 server resolved them, so a name could leave its directory.
 *
 * @throws InvalidOptionError if `key` is not a string, contains NUL, has a `.` or `..` segment, is not well-formed Unicode,
 * is longer than {@link MAX_REQUEST_BYTES} or has more than {@link MAX_LEVELS} levels
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

/** The number of names in a key. */
export function levelsOf(key: string): number {
  return key.split('/').length - 1;
}

/**
 * Maps a node of the v2 tree to v3's flat key space. A file is the v3 key of the same name. A directory is the range of
 * all keys that begin with `directory`. A directory that was created explicitly, and may be empty, has a marker: the key
 * `directory` itself. No file has that key, since it ends with a slash.
 */
export class KeyPath {
  /** The node's key without a trailing slash; `/` for the root. */
  readonly key: string;
  /** Prefix of all keys below, and the marker's key: `/foo/`. */
  readonly directory: string;
  /** Whether the caller wrote a trailing slash: it means the directory only, and needs no permission for its parent. */
  readonly slashed: boolean;

  private constructor(canonical: string) {
    this.slashed = canonical.endsWith('/');
    this.directory = this.slashed ? canonical : `${canonical}/`;
    this.key = canonical === '/' ? '/' : this.directory.slice(0, -1);
  }

  /**
   * Creates the path of a key.
   *
   * @throws InvalidOptionError as {@link canonicalKey}
   */
  static of(key: unknown): KeyPath {
    return new KeyPath(canonicalKey(key));
  }

  /** Whether this is the root. */
  get root(): boolean {
    return this.key === '/';
  }

  /** The path of the child `name`. */
  child(name: string): KeyPath {
    return new KeyPath(this.directory + name);
  }

  /** The ancestors, outermost first, without the root: `/a` and `/a/b` for `/a/b/c`. */
  get ancestors(): readonly KeyPath[] {
    const paths: KeyPath[] = [];
    for (let at = this.key.indexOf('/', 1); at > 0; at = this.key.indexOf('/', at + 1)) {
      paths.push(new KeyPath(this.key.slice(0, at)));
    }
    return paths;
  }
}

/** Exclusive end of the range of all keys that begin with `directory`: its slash (0x2f) replaced by `0` (0x30). */
export function rangeEnd(directory: string): string {
  return `${directory.slice(0, -1)}0`;
}
