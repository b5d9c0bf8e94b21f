import type { ICompare, IRequestOp, ITxnResponse } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { conditionCompares, conditionError, isConditional, type Conditions } from './conditions.js';
import { TreeGuards } from './tree-guards.js';
import { type KeyPath } from './key-path.js';
import { leaseKind } from './lease-id.js';
import { type GrantedLease } from '../leases.js';
import { type KeysAction, type KeysResponse } from './node.js';
import { isAbsent, isPresent, kvOf, notModifiedSince, previousOf, put, read, remove } from './operations.js';
import { TxnAttempts } from './txn-attempts.js';
import { bare, isUnauthorized, type Store } from './store.js';
import { fileNode } from './tree.js';

/** How a write generates a name that is greater than the others in its directory. */
export interface Order {
  /** Exclusive end of the range in which no key may exist; the range starts at the chosen name. */
  readonly until: string;
  /** Returns another name, after another client took the first. */
  next(revision: number): KeyPath;
}

/** The options of a write, complete. */
export interface WriteRequest extends Conditions {
  readonly path: KeyPath;
  readonly action: Extract<KeysAction, 'set' | 'create' | 'update' | 'compareAndSwap'>;
  readonly value: string;
  readonly dir: boolean;
  readonly ttl: number | undefined;
  /** For a generated name. */
  readonly order?: Order | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Fenced attempts of a plain `set`. A fenced transaction fails if the key was changed or deleted after the last response,
 * so it may be retried on another endpoint, and a delayed copy has no effect. If other clients change the key during each
 * of these attempts, the next one has no fence and is sent once. The same holds for a key that does not exist: a delayed
 * copy could not detect that the key was created and deleted meanwhile.
 */
const FENCED_ATTEMPTS = 2;

/** The comparisons of the write, without those of {@link TreeGuards}. */
function comparisons(request: WriteRequest, fence: number | undefined): readonly ICompare[] {
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

/** The response to a successful write. */
function responseTo(
  request: WriteRequest,
  response: ITxnResponse,
  lease: GrantedLease | undefined,
  store: Store,
): KeysResponse {
  const { path, value, dir } = request;
  const previous = previousOf(response, dir ? 1 : 0);
  const revision = Number(response.header.revision);
  if (previous !== undefined && leaseKind(previous.lease) !== 'dir') store.leases.release(previous.lease);
  return {
    ...bare(request.action, response.header),
    node: {
      key: path.key,
      dir,
      ...(dir ? {} : { value }),
      createdIndex: previous === undefined || dir ? revision : Number(previous.create_revision),
      modifiedIndex: revision,
      ...store.lifetime(lease),
    },
    ...(previous === undefined ? {} : { prevNode: fileNode(path.key, previous, {}) }),
  };
}

/** The v2 server's error after the comparisons failed; undefined if another attempt may succeed. */
function refusal(request: WriteRequest, response: ITxnResponse, isDirectory: boolean): KeysError | undefined {
  const { path, action, order } = request;
  const index = Number(response.header.revision);
  if (order !== undefined) return undefined;
  const found = kvOf(response, 0);
  if (action === 'create')
    return found !== undefined || isDirectory
      ? new KeysError(KeysErrorCode.NodeExist, path.key, index)
      : undefined;
  if (isDirectory) return new KeysError(KeysErrorCode.NotFile, path.key, index);
  if (action === 'set') return undefined;
  if (found === undefined) return new KeysError(KeysErrorCode.KeyNotFound, path.key, index);
  return isConditional(request) ? conditionError(found, request, index) : undefined;
}

/** The read after failed comparisons: the key, or for a generated name, one that took its place. */
function readCurrent({ path, order }: WriteRequest): IRequestOp {
  return order === undefined
    ? read(path.key)
    : read(path.key, { end: order.until, keysOnly: true, limit: 1 });
}

async function writeWithRetries(
  store: Store,
  first: WriteRequest,
  lease: GrantedLease | undefined,
): Promise<KeysResponse> {
  let request = first;
  let guards = new TreeGuards(request.path);
  let guarded = true;
  let absent = false;
  const attempts = new TxnAttempts(store, first.path);
  const plain = first.action === 'set' && !first.dir;
  for (;;) {
    await attempts.begin(first.signal);
    const fence = plain && !absent && attempts.count <= FENCED_ATTEMPTS ? store.revision : undefined;
    let response: ITxnResponse;
    try {
      response = await store.txn(
        {
          compare: [...comparisons(request, fence), ...(guarded ? guards.compare : [])],
          success: operations(request, lease?.id ?? guards.inheritedLease),
          failure: [readCurrent(request), ...(guarded ? guards.reads : [])],
        },
        { signal: request.signal, oneShot: fence === undefined },
      );
    } catch (error) {
      // The guards need permission to read other keys. Without it, only the key itself is written.
      if (!guarded || request.dir || !isUnauthorized(error)) throw error;
      guarded = false;
      continue;
    }
    if (response.succeeded) return responseTo(request, response, lease, store);
    absent = kvOf(response, 0) === undefined;
    const isDirectory = guarded && guards.learn(response, 1);
    const error = refusal(request, response, isDirectory);
    if (error) throw error;
    if (request.order !== undefined && kvOf(response, 0) !== undefined) {
      request = { ...request, path: request.order.next(Number(response.header.revision)) };
      guards = new TreeGuards(request.path);
    }
  }
}

/**
 * Writes a file or creates a directory, in one transaction that is retried only if that cannot write twice.
 *
 * @throws KeysError with the v2 server's code
 * @throws ClusterError if no endpoint served it
 * @throws the signal's reason when the caller aborts
 */
export async function write(store: Store, request: WriteRequest): Promise<KeysResponse> {
  const { ttl, dir, signal } = request;
  const lease = ttl === undefined ? undefined : await store.leases.grant(dir ? 'dir' : 'key', ttl, signal);
  try {
    return await writeWithRetries(store, request, lease);
  } catch (error) {
    // Only a refusal proves that no key is bound to the lease. Otherwise it is left to expire.
    if (lease && error instanceof KeysError) store.leases.release(lease.id);
    throw error;
  }
}
