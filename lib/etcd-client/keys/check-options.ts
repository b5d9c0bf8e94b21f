import { expected } from '../../common/expected.js';
import { type InvalidOptionError } from '../../common/errors/index.js';
import { MAX_REQUEST_BYTES, type KeyPath } from './key-path.js';
import { type CallOptions, type DeleteOptions, type SetOptions, type WatcherOptions } from './options.js';

/** The largest TTL that etcd grants. */
const MAX_TTL_SECONDS = 9_000_000_000;

function leftOut(name: string, when: string, got: unknown): InvalidOptionError {
  return expected(name, `left out ${when}`, got);
}

function checkFlag(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw expected(name, 'true or false', value);
}

function checkIndex(name: string, value: unknown, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return;
  throw expected(name, `an integer of at least ${least}`, value);
}

function checkString(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'string') throw expected(name, 'a string', value);
}

function checkOptionsObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw expected('options', 'an object', options);
}

/**
 * Checks a TTL in seconds.
 *
 * @throws InvalidOptionError unless it is undefined or a positive integer
 */
export function checkTtl(ttl: unknown): void {
  if (ttl === undefined) return;
  if (Number.isSafeInteger(ttl) && (ttl as number) >= 1 && (ttl as number) <= MAX_TTL_SECONDS) return;
  throw expected('ttl', `an integer of seconds from 1 to ${MAX_TTL_SECONDS}`, ttl);
}

/**
 * Checks the options that every call takes.
 *
 * @throws InvalidOptionError if `signal` is not an AbortSignal
 */
export function checkCall(options: CallOptions): void {
  checkOptionsObject(options);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
    throw expected('signal', 'an AbortSignal', options.signal);
}

/**
 * Checks the options of a read.
 *
 * @throws InvalidOptionError if a flag is not a boolean
 */
export function checkGet(options: {
  readonly recursive?: unknown;
  readonly sort?: unknown;
  readonly quorum?: unknown;
  readonly signal?: AbortSignal | undefined;
}): void {
  checkCall(options);
  checkFlag('recursive', options.recursive);
  checkFlag('sort', options.sort);
  checkFlag('quorum', options.quorum);
}

/**
 * Checks the options of a write.
 *
 * @throws InvalidOptionError if an option has the wrong type, conditions exclude each other, or `refresh` has no `ttl`
 */
export function checkSet(options: SetOptions): void {
  checkCall(options);
  checkTtl(options.ttl);
  checkFlag('dir', options.dir);
  checkFlag('refresh', options.refresh);
  checkFlag('prevExist', options.prevExist);
  checkFlag('noValueOnSuccess', options.noValueOnSuccess);
  checkString('prevValue', options.prevValue);
  checkIndex('prevIndex', options.prevIndex, 1);
  const { prevExist, prevValue, prevIndex, dir, refresh, ttl } = options;
  if (prevExist === false) {
    if (prevValue !== undefined) throw leftOut('prevValue', 'when `prevExist` is false', prevValue);
    if (prevIndex !== undefined) throw leftOut('prevIndex', 'when `prevExist` is false', prevIndex);
    if (refresh === true) throw leftOut('refresh', 'when `prevExist` is false', refresh);
  }
  if (dir === true && prevIndex !== undefined) throw leftOut('prevIndex', 'for a directory', prevIndex);
  if (refresh === true && ttl === undefined)
    throw expected('ttl', 'an integer of seconds with `refresh`', ttl);
}

/**
 * Checks a value, and returns the string to store. `undefined` is the empty string. A directory's value is ignored.
 *
 * @throws InvalidOptionError if it is not a string, is given with `refresh`, or exceeds the size of a request together
 * with its key. The message never contains the value.
 */
export function checkValue(path: KeyPath, value: unknown, options: SetOptions): string {
  if (options.dir === true) return '';
  if (value === undefined || value === '') return '';
  if (typeof value !== 'string') throw expected('value', 'a string', typeof value);
  if (options.refresh === true) throw leftOut('value', 'with `refresh`', 'a string');
  const bytes = Buffer.byteLength(value) + Buffer.byteLength(path.key);
  if (bytes > MAX_REQUEST_BYTES)
    throw expected('value', `at most ${MAX_REQUEST_BYTES} bytes together with its key`, `${bytes} bytes`);
  return value;
}

/**
 * Refuses options that a call sets itself: `create` implies `prevExist: false`.
 *
 * @throws InvalidOptionError if one of `names` is set
 */
export function refuseOptions(call: string, options: object, names: readonly string[]): void {
  checkOptionsObject(options);
  for (const name of names) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) throw leftOut(name, `in \`${call}\``, value);
  }
}

/**
 * Checks the options of a delete.
 *
 * @throws InvalidOptionError if an option has the wrong type
 */
export function checkDelete(options: DeleteOptions): void {
  checkCall(options);
  checkFlag('recursive', options.recursive);
  checkFlag('dir', options.dir);
  checkString('prevValue', options.prevValue);
  checkIndex('prevIndex', options.prevIndex, 1);
}

/**
 * Checks the options of a watcher.
 *
 * @throws InvalidOptionError if an option has the wrong type
 */
export function checkWatcher(options: WatcherOptions): void {
  checkOptionsObject(options);
  checkFlag('recursive', options.recursive);
  checkIndex('afterIndex', options.afterIndex, 0);
}
