import type { ICompare, IRequestOp, ITxnResponse } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { conditionCompares, conditionError, isConditional, type Conditions } from './conditions.js';
import { TreeGuards } from './tree-guards.js';
import { type KeyPath } from './key-path.js';
import { leaseKind } from './lease-id.js';
import { type Grant } from './key-leases.js';
import { type KeysAction, type KeysResponse } from './node.js';
import { isAbsent, isPresent, kvOf, notModifiedSince, previousOf, put, read, remove } from './operations.js';
import { TxnAttempts } from './txn-attempts.js';
import { bare, isUnauthorized, type Store } from './store.js';
import { fileNode } from './tree.js';

/** How a key gets a name after all the others of its directory. */
export interface Order {
  /** No key of the directory from the chosen one up to here may exist. */
  readonly until: string;
  /** Another name, where somebody was faster. */
  next(revision: number): KeyPath;
}

/** One write of a file, or the making of a directory. */
export interface WriteRequest extends Conditions {
  readonly path: KeyPath;
  readonly action: Extract<KeysAction, 'set' | 'create' | 'update' | 'compareAndSwap'>;
  readonly value: string;
  readonly dir: boolean;
  readonly ttl: number | undefined;
  /** For a key whose name is given in order. */
  readonly order?: Order | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Fenced attempts of a plain `set`. Each is a transaction that does nothing once the key has been changed or deleted
 * since the last answer, so it may be sent again elsewhere, and a copy that lands late is harmless. Where others write the
 * same key that often, the next attempt has no fence and is sent once. So is one of a key that does not exist: nothing
 * in the store would tell a late copy that the key has been created and deleted since.
 */
const FENCED_ATTEMPTS = 2;

/** What decides whether the write takes place, apart from the guards. */
function compares(request: WriteRequest, fence: number | undefined): readonly ICompare[] {
  const { path, action, order } = request;
  if (order !== undefined) return [isAbsent(path.key, order.until)];
  switch (action) {
    case 'create':
      return [isAbsent(path.key)];
    case 'update':
      return [isPresent(path.key)];
    case 'compareAndSwap':
      return conditionCompares(path.key, request);
    case 'set':
      return fence === undefined ? [] : [isPresent(path.key), notModifiedSince(path.key, fence)];
  }
}

function operations({ path, action, value, dir }: WriteRequest, lease: string): IRequestOp[] {
  if (!dir) return [put(path.key, value, lease)];
  const marker = put(path.directory, '', lease);
  return action === 'set' ? [marker, remove(path.key)] : [marker];
}

function answerOf(
  request: WriteRequest,
  answer: ITxnResponse,
  grant: Grant | undefined,
  store: Store,
): KeysResponse {
  const { path, value, dir } = request;
  const previous = previousOf(answer, dir ? 1 : 0);
  const revision = Number(answer.header.revision);
  if (previous !== undefined && leaseKind(previous.lease) !== 'dir') store.leases.release(previous.lease);
  return {
    ...bare(request.action, answer.header),
    node: {
      key: path.key,
      dir,
      ...(dir ? {} : { value }),
      createdIndex: previous === undefined || dir ? revision : Number(previous.create_revision),
      modifiedIndex: revision,
      ...store.lifetime(grant),
    },
    ...(previous === undefined ? {} : { prevNode: fileNode(path.key, previous, {}) }),
  };
}

/** The answer v2 gives where the write did not take place, or undefined where another attempt may succeed. */
function refusal(request: WriteRequest, answer: ITxnResponse, isDirectory: boolean): KeysError | undefined {
  const { path, action, order } = request;
  const index = Number(answer.header.revision);
  if (order !== undefined) return undefined;
  const found = kvOf(answer, 0);
  if (action === 'create')
    return found !== undefined || isDirectory
      ? new KeysError(KeysErrorCode.NodeExist, path.key, index)
      : undefined;
  if (isDirectory) return new KeysError(KeysErrorCode.NotFile, path.key, index);
  if (action === 'set') return undefined;
  if (found === undefined) return new KeysError(KeysErrorCode.KeyNotFound, path.key, index);
  return isConditional(request) ? conditionError(found, request, index) : undefined;
}

/** What is read where nothing was written: the key, or for keys in order one that was faster. */
function readCurrent({ path, order }: WriteRequest): IRequestOp {
  return order === undefined
    ? read(path.key)
    : read(path.key, { end: order.until, keysOnly: true, limit: 1 });
}

async function writeWithRetries(
  store: Store,
  first: WriteRequest,
  grant: Grant | undefined,
): Promise<KeysResponse> {
  let request = first;
  let guards = new TreeGuards(request.path);
  let guarded = true;
  let absent = false;
  const rounds = new TxnAttempts(store, first.path);
  const plain = first.action === 'set' && !first.dir;
  for (;;) {
    await rounds.begin(first.signal);
    const fence = plain && !absent && rounds.count <= FENCED_ATTEMPTS ? store.revision : undefined;
    let answer: ITxnResponse;
    try {
      answer = await store.txn(
        {
          compare: [...compares(request, fence), ...(guarded ? guards.compare : [])],
          success: operations(request, grant?.id ?? guards.inheritedLease),
          failure: [readCurrent(request), ...(guarded ? guards.reads : [])],
        },
        { signal: request.signal, oneShot: fence === undefined },
      );
    } catch (error) {
      // The guards read around the key. Who may not read there may still write the key itself, and asks for just that.
      if (!guarded || request.dir || !isUnauthorized(error)) throw error;
      guarded = false;
      continue;
    }
    if (answer.succeeded) return answerOf(request, answer, grant, store);
    absent = kvOf(answer, 0) === undefined;
    const isDirectory = guarded && guards.learn(answer, 1);
    const error = refusal(request, answer, isDirectory);
    if (error) throw error;
    if (request.order !== undefined && kvOf(answer, 0) !== undefined) {
      request = { ...request, path: request.order.next(Number(answer.header.revision)) };
      guards = new TreeGuards(request.path);
    }
  }
}

/**
 * Writes a file or makes a directory: one transaction, sent again only where that cannot do it twice.
 *
 * @throws KeysError with the v2 server's code; ClusterError; the signal's reason
 */
export async function write(store: Store, request: WriteRequest): Promise<KeysResponse> {
  const { ttl, dir, signal } = request;
  const grant = ttl === undefined ? undefined : await store.leases.grant(dir ? 'dir' : 'key', ttl, signal);
  try {
    return await writeWithRetries(store, request, grant);
  } catch (error) {
    // Only an answer proves that nothing stands on the lease. Otherwise it ends by itself.
    if (grant && error instanceof KeysError) store.leases.release(grant.id);
    throw error;
  }
}
