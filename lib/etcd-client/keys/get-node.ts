import type { IKeyValue, ITxnResponse } from 'etcd3';
import { forEachLimited } from '../../common/async/semaphore.js';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { MAX_CONCURRENT_LEASE_REQUESTS } from './keys-port.js';
import { hasLease, leaseKind } from './lease-id.js';
import { type KeysResponse, type Node } from './node.js';
import { kvOf, kvsOf, read } from './operations.js';
import { bare, isUnauthorized, type Store } from './store.js';
import { buildTree, fileNode, type Lifetime, type LifetimeOf } from './tree.js';

/** The options of a read, complete. */
export interface GetRequest {
  readonly path: KeyPath;
  readonly recursive: boolean;
  readonly sort: boolean;
  readonly quorum: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Whether the lease gives the node a TTL. A file that inherited its directory's lease has none. */
function ownLease(kv: IKeyValue, dir: boolean): boolean {
  return hasLease(kv.lease) && (dir || leaseKind(kv.lease) !== 'dir');
}

/** Builds the nodes twice: once to collect their leases, and again with the remaining TTLs. */
async function withLifetimes(
  store: Store,
  { quorum, signal }: GetRequest,
  build: (lifetime: LifetimeOf) => Node,
): Promise<Node> {
  const leases = new Set<string>();
  const node = build((kv, dir) => {
    if (ownLease(kv, dir)) leases.add(kv.lease);
    return {};
  });
  // The TTL comes from the leader, and a read without quorum must not need one.
  if (leases.size === 0 || !quorum) return node;
  const lifetimes = new Map<string, Lifetime>();
  await forEachLimited(leases, MAX_CONCURRENT_LEASE_REQUESTS, async (id) => {
    const left = await store.port.timeToLive(id, false, signal);
    if (left) lifetimes.set(id, store.expiresIn(Math.max(1, left.ttl)));
  });
  return build((kv, dir) => (ownLease(kv, dir) ? (lifetimes.get(kv.lease) ?? {}) : {}));
}

/** Reads the key, and if it is not a file, the range below it. */
async function readBoth(store: Store, { path, quorum, signal }: GetRequest): Promise<ITxnResponse> {
  const options = { signal, oneShot: false };
  const serializable = !quorum;
  const self = read(path.key, { serializable });
  const below = read(path.directory, { end: rangeEnd(path.directory), serializable });
  if (path.root) return await store.txn({ success: [self, below] }, options);
  const file = await store.txn({ success: [self] }, options);
  if (kvOf(file, 0) !== undefined) return file;
  try {
    return await store.txn({ success: [self, below] }, options);
  } catch (error) {
    // Without permission to read below the key, a directory is not visible.
    if (isUnauthorized(error)) return file;
    throw error;
  }
}

/** Reads the range below a directory given with a trailing slash. This needs no permission to read its parent. */
async function readBelow(
  store: Store,
  { path, quorum, signal }: GetRequest,
): Promise<ITxnResponse | undefined> {
  const below = read(path.directory, { end: rangeEnd(path.directory), serializable: !quorum });
  const response = await store.txn({ success: [below] }, { signal, oneShot: false });
  return kvsOf(response, 0).length > 0 ? response : undefined;
}

/**
 * Reads a file, or a directory with its nodes.
 *
 * @throws KeysError 100 if neither exists
 */
export async function getNode(store: Store, request: GetRequest): Promise<KeysResponse> {
  const { path, recursive, sort } = request;
  const directory = path.slashed && !path.root ? await readBelow(store, request) : undefined;
  const response = directory ?? (await readBoth(store, request));
  const file = directory ? undefined : path.root ? undefined : kvOf(response, 0);
  const common = bare('get', response.header);
  if (file) {
    const node = await withLifetimes(store, request, (lifetime) =>
      fileNode(path.key, file, lifetime(file, false)),
    );
    return { ...common, node };
  }
  const kvs = kvsOf(response, directory ? 0 : 1);
  if (kvs.length === 0 && !path.root) throw new KeysError(KeysErrorCode.KeyNotFound, path.key, common.index);
  const node = await withLifetimes(store, request, (lifetime) =>
    buildTree(path, kvs, { recursive, sort, lifetime }),
  );
  return { ...common, node };
}
