import type { IKeyValue, ITxnResponse } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { conditionCompares, conditionError, isConditional, type Conditions } from './conditions.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { hasLease, leaseKind } from './lease-id.js';
import { type KeysResponse, type Node } from './node.js';
import { deletedOf, isAbsent, isPresent, kvOf, kvsOf, previousOf, read, remove } from './operations.js';
import { bare, isUnauthorized, type Store } from './store.js';
import { fileNode } from './tree.js';

/** The options of a delete, complete. */
export interface RemoveRequest extends Conditions {
  readonly path: KeyPath;
  readonly dir: boolean;
  readonly recursive: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The first key after a directory's marker. No key of this API contains NUL. */
function firstBelow(directory: string): string {
  return `${directory}\0`;
}

/** Releases the leases of deleted keys. A file that inherited its directory's lease leaves it in use. */
function release(store: Store, kvs: readonly (IKeyValue | undefined)[], directory: boolean): void {
  for (const kv of kvs) {
    if (kv === undefined || !hasLease(kv.lease)) continue;
    if (directory || leaseKind(kv.lease) !== 'dir') store.leases.release(kv.lease);
  }
}

/** The response to a delete. */
function removed(
  { path }: RemoveRequest,
  response: ITxnResponse,
  action: 'delete' | 'compareAndDelete',
  previous: IKeyValue | undefined,
  dir: boolean,
): KeysResponse {
  const common = bare(action, response.header);
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
    const response = await store.txn(
      { success: [read(path.directory, { end: rangeEnd(path.directory), keysOnly: true, limit: 1 })] },
      { signal, oneShot: false },
    );
    return kvOf(response, 0) !== undefined;
  } catch (error) {
    // Without permission to read below the key, a directory is not visible.
    if (isUnauthorized(error)) return false;
    throw error;
  }
}

async function removeFile(store: Store, request: RemoveRequest): Promise<KeysResponse> {
  const { path, signal } = request;
  const conditional = isConditional(request);
  const response = await store.txn(
    {
      compare: conditional ? [...conditionCompares(path.key, request)] : [isPresent(path.key)],
      success: [remove(path.key)],
      failure: [read(path.key)],
    },
    { signal, oneShot: true },
  );
  if (response.succeeded) {
    const previous = previousOf(response, 0);
    release(store, [previous], false);
    return removed(request, response, conditional ? 'compareAndDelete' : 'delete', previous, false);
  }
  const index = Number(response.header.revision);
  const found = kvOf(response, 0);
  if (found === undefined) {
    const code = (await isDirectory(store, request)) ? KeysErrorCode.NotFile : KeysErrorCode.KeyNotFound;
    throw new KeysError(code, path.key, index);
  }
  throw conditionError(found, request, index) ?? new KeysError(KeysErrorCode.KeyNotFound, path.key, index);
}

async function removeEmptyDirectory(store: Store, request: RemoveRequest): Promise<KeysResponse> {
  const { path, signal } = request;
  const end = rangeEnd(path.directory);
  const response = await store.txn(
    {
      compare: [isPresent(path.directory), isAbsent(firstBelow(path.directory), end)],
      success: [remove(path.directory)],
      failure: [read(path.key, { keysOnly: true }), read(path.directory, { end, keysOnly: true, limit: 1 })],
    },
    { signal, oneShot: true },
  );
  if (response.succeeded) {
    const previous = previousOf(response, 0);
    release(store, [previous], true);
    return removed(request, response, 'delete', previous, true);
  }
  // As in v2, a delete with `dir` also deletes a file.
  if (kvOf(response, 0) !== undefined) return await removeFile(store, request);
  const index = Number(response.header.revision);
  const code = kvOf(response, 1) === undefined ? KeysErrorCode.KeyNotFound : KeysErrorCode.DirNotEmpty;
  throw new KeysError(code, path.key, index);
}

async function removeTree(store: Store, request: RemoveRequest): Promise<KeysResponse> {
  const { path, signal } = request;
  const end = rangeEnd(path.directory);
  const response = await store.txn(
    {
      success: [read(path.directory, { end, keysOnly: true }), remove(path.key), remove(path.directory, end)],
    },
    { signal, oneShot: true },
  );
  const file = previousOf(response, 1);
  const dir = deletedOf(response, 2) > 0;
  if (file === undefined && !dir)
    throw new KeysError(KeysErrorCode.KeyNotFound, path.key, Number(response.header.revision));
  const below = kvsOf(response, 0);
  release(store, [file], false);
  release(store, below, true);
  const marker = below[0]?.key.toString() === path.directory ? below[0] : undefined;
  return removed(request, response, 'delete', dir ? marker : file, dir);
}

/**
 * Deletes a file, an empty directory (`dir`) or a whole tree (`recursive`), in one transaction that is never sent twice.
 *
 * @throws KeysError 100 if the key does not exist, 101 if a condition failed, 102 if it is a directory, 108 if the
 * directory is not empty
 */
export async function removeNode(store: Store, request: RemoveRequest): Promise<KeysResponse> {
  if (isConditional(request)) return await removeFile(store, request);
  if (request.recursive) return await removeTree(store, request);
  return request.dir ? await removeEmptyDirectory(store, request) : await removeFile(store, request);
}
