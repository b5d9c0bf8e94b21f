import { expected } from '../../common/expected.js';
import { type InvalidOptionError } from '../../common/errors/index.js';
import { MAX_REQUEST_BYTES, type KeyPath } from './key-path.js';
import { type CallOptions, type DeleteOptions, type SetOptions, type WatcherOptions } from './options.js';

/** Largest TTL etcd grants, in seconds. */
const MAX_TTL_SECONDS = 9_000_000_000;

function leftOut(name: string, because: string, got: unknown): InvalidOptionError {
  return expected(name, `left out ${because}`, got);
}

function checkFlag(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw expected(name, 'true or false', value);
}

function checkIndex(name: string, value: unknown, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return;
  throw expected(name, `a whole number of at least ${least}`, value);
}

function checkString(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'string') throw expected(name, 'a text', value);
}

function checkOptionsObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw expected('options', 'an object', options);
}

/** @throws InvalidOptionError when `ttl` is given and is no whole number of seconds of at least 1 */
export function checkTtl(ttl: unknown): void {
  if (ttl === undefined) return;
  if (Number.isSafeInteger(ttl) && (ttl as number) >= 1 && (ttl as number) <= MAX_TTL_SECONDS) return;
  throw expected('ttl', `a whole number of seconds from 1 to ${MAX_TTL_SECONDS}`, ttl);
}

/** @throws InvalidOptionError when `signal` is given and is no AbortSignal */
export function checkCall(options: CallOptions): void {
  checkOptionsObject(options);
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
    throw expected('signal', 'an AbortSignal', options.signal);
}

/** @throws InvalidOptionError when a flag of a read is neither true nor false */
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
 * Refuses what can never be meant: options of the wrong kind, conditions that exclude each other, a refresh with a
 * value or without a TTL.
 *
 * @throws InvalidOptionError
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
    throw expected('ttl', 'a whole number of seconds with `refresh`', ttl);
}

/**
 * Checks a value, and that it fits into one request together with its key. `undefined` and `''` are the empty value.
 *
 * @throws InvalidOptionError, never with the value in its text
 */
export function checkValue(path: KeyPath, value: unknown, options: SetOptions): string {
  if (options.dir === true) return '';
  if (value === undefined || value === '') return '';
  if (typeof value !== 'string') throw expected('value', 'a text', typeof value);
  if (options.refresh === true) throw leftOut('value', 'with `refresh`', 'a text');
  const bytes = Buffer.byteLength(value) + Buffer.byteLength(path.key);
  if (bytes > MAX_REQUEST_BYTES)
    throw expected('value', `at most ${MAX_REQUEST_BYTES} bytes together with its key`, `${bytes} bytes`);
  return value;
}

/**
 * Checks the options of a call whose name already says what must have been there before.
 *
 * @throws InvalidOptionError when `options` holds one of `names`
 */
export function refuseOptions(call: string, options: object, names: readonly string[]): void {
  checkOptionsObject(options);
  for (const name of names) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) throw leftOut(name, `in \`${call}\``, value);
  }
}

/** @throws InvalidOptionError */
export function checkDelete(options: DeleteOptions): void {
  checkCall(options);
  checkFlag('recursive', options.recursive);
  checkFlag('dir', options.dir);
  checkString('prevValue', options.prevValue);
  checkIndex('prevIndex', options.prevIndex, 1);
}

/** @throws InvalidOptionError */
export function checkWatcher(options: WatcherOptions): void {
  checkOptionsObject(options);
  checkFlag('recursive', options.recursive);
  checkIndex('afterIndex', options.afterIndex, 0);
}
