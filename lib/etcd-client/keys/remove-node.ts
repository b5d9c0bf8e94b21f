import type { IKeyValue, ITxnResponse } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { conditionCompares, conditionError, isConditional, type Conditions } from './conditions.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { hasLease, leaseKind } from './lease-id.js';
import { type KeysResponse, type Node } from './node.js';
import { deletedOf, isAbsent, isPresent, kvOf, kvsOf, previousOf, read, remove } from './operations.js';
import { bare, isUnauthorized, type Store } from './store.js';
import { fileNode } from './tree.js';

/** One delete. */
export interface RemoveRequest extends Conditions {
  readonly path: KeyPath;
  readonly dir: boolean;
  readonly recursive: boolean;
  readonly signal: AbortSignal | undefined;
}

/** First key below a directory, after its marker: no key of this API holds NUL. */
function firstBelow(directory: string): string {
  return `${directory}\0`;
}

function release(store: Store, kvs: readonly (IKeyValue | undefined)[], directory: boolean): void {
  for (const kv of kvs) {
    if (kv === undefined || !hasLease(kv.lease)) continue;
    if (directory || leaseKind(kv.lease) !== 'dir') store.leases.release(kv.lease);
  }
}

function removed(
  { path }: RemoveRequest,
  answer: ITxnResponse,
  action: 'delete' | 'compareAndDelete',
  previous: IKeyValue | undefined,
  dir: boolean,
): KeysResponse {
  const common = bare(action, answer.header);
  const createdIndex = Number(previous?.create_revision ?? common.index);
  const before: Node =
    previous === undefined || dir
      ? { key: path.key, dir, createdIndex, modifiedIndex: Number(previous?.mod_revision ?? common.index) }
      : fileNode(path.key, previous, {});
  return {
    ...common,
    node: { key: path.key, dir, createdIndex, modifiedIndex: common.index },
    prevNode: before,
  };
}

async function isDirectory(store: Store, { path, signal }: RemoveRequest): Promise<boolean> {
  try {
    const answer = await store.txn(
      { success: [read(path.directory, { end: rangeEnd(path.directory), keysOnly: true, limit: 1 })] },
      { signal, oneShot: false },
    );
    return kvOf(answer, 0) !== undefined;
  } catch (error) {
    // Who may not look below the key sees no directory there.
    if (isUnauthorized(error)) return false;
    throw error;
  }
}

async function removeFile(store: Store, request: RemoveRequest): Promise<KeysResponse> {
  const { path, signal } = request;
  const conditional = isConditional(request);
  const answer = await store.txn(
    {
      compare: conditional ? [...conditionCompares(path.key, request)] : [isPresent(path.key)],
      success: [remove(path.key)],
      failure: [read(path.key)],
    },
    { signal, oneShot: true },
  );
  if (answer.succeeded) {
    const previous = previousOf(answer, 0);
    release(store, [previous], false);
    return removed(request, answer, conditional ? 'compareAndDelete' : 'delete', previous, false);
  }
  const index = Number(answer.header.revision);
  const found = kvOf(answer, 0);
  if (found === undefined) {
    const code = (await isDirectory(store, request)) ? KeysErrorCode.NotFile : KeysErrorCode.KeyNotFound;
    throw new KeysError(code, path.key, index);
  }
  throw conditionError(found, request, index) ?? new KeysError(KeysErrorCode.KeyNotFound, path.key, index);
}

async function removeEmptyDirectory(store: Store, request: RemoveRequest): Promise<KeysResponse> {
  const { path, signal } = request;
  const end = rangeEnd(path.directory);
  const answer = await store.txn(
    {
      compare: [isPresent(path.directory), isAbsent(firstBelow(path.directory), end)],
      success: [remove(path.directory)],
      failure: [read(path.key, { keysOnly: true }), read(path.directory, { end, keysOnly: true, limit: 1 })],
    },
    { signal, oneShot: true },
  );
  if (answer.succeeded) {
    const previous = previousOf(answer, 0);
    release(store, [previous], true);
    return removed(request, answer, 'delete', previous, true);
  }
  // As in v2, `dir` on a file deletes the file.
  if (kvOf(answer, 0) !== undefined) return await removeFile(store, request);
  const index = Number(answer.header.revision);
  const code = kvOf(answer, 1) === undefined ? KeysErrorCode.KeyNotFound : KeysErrorCode.DirNotEmpty;
  throw new KeysError(code, path.key, index);
}

async function removeTree(store: Store, request: RemoveRequest): Promise<KeysResponse> {
  const { path, signal } = request;
  const end = rangeEnd(path.directory);
  const answer = await store.txn(
    {
      success: [read(path.directory, { end, keysOnly: true }), remove(path.key), remove(path.directory, end)],
    },
    { signal, oneShot: true },
  );
  const file = previousOf(answer, 1);
  const dir = deletedOf(answer, 2) > 0;
  if (file === undefined && !dir)
    throw new KeysError(KeysErrorCode.KeyNotFound, path.key, Number(answer.header.revision));
  const below = kvsOf(answer, 0);
  release(store, [file], false);
  release(store, below, true);
  const marker = below[0]?.key.toString() === path.directory ? below[0] : undefined;
  return removed(request, answer, 'delete', dir ? marker : file, dir);
}

/**
 * Deletes a file, an empty directory (`dir`) or a whole tree (`recursive`). Each is one transaction that is never sent
 * twice.
 *
 * @throws KeysError 100 not there, 101 conditions not met, 102 a directory, 108 a directory with something in it
 */
export async function removeNode(store: Store, request: RemoveRequest): Promise<KeysResponse> {
  if (isConditional(request)) return await removeFile(store, request);
  if (request.recursive) return await removeTree(store, request);
  return request.dir ? await removeEmptyDirectory(store, request) : await removeFile(store, request);
}
