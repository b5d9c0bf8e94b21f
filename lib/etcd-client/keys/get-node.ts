import type { IKeyValue, ITxnResponse } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { hasLease, leaseKind } from './lease-id.js';
import { type KeysResponse, type Node } from './node.js';
import { kvOf, kvsOf, read } from './operations.js';
import { bare, isUnauthorized, type Store } from './store.js';
import { buildTree, fileNode, type Lifetime, type LifetimeOf } from './tree.js';

/** One read. */
export interface GetRequest {
  readonly path: KeyPath;
  readonly recursive: boolean;
  readonly sort: boolean;
  readonly quorum: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Leases asked after at the same time. */
const PARALLEL = 32;

/** Whether the lease says how long this node lives. What inherited a directory's lease has no TTL of its own. */
function ownLease(kv: IKeyValue, dir: boolean): boolean {
  return hasLease(kv.lease) && (dir || leaseKind(kv.lease) !== 'dir');
}

/** Builds nodes twice: once to see which leases are shown, once with what the server says of them. */
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
  // Only the leader knows leases, and a read without quorum asks nobody.
  if (leases.size === 0 || !quorum) return node;
  const lifetimes = new Map<string, Lifetime>();
  const ids = [...leases];
  for (let at = 0; at < ids.length; at += PARALLEL) {
    await Promise.all(
      ids.slice(at, at + PARALLEL).map(async (id) => {
        const left = await store.port.timeToLive(id, false, signal);
        if (left) lifetimes.set(id, store.secondsLeft(Math.max(1, left.ttl)));
      }),
    );
  }
  return build((kv, dir) => (ownLease(kv, dir) ? (lifetimes.get(kv.lease) ?? {}) : {}));
}

/** Reads the key itself, and what is below it where the key is no file or a directory is what was asked for. */
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
    // Who may not look below the key sees no directory there.
    if (isUnauthorized(error)) return file;
    throw error;
  }
}

/** Reads below a directory that was asked for by its trailing slash: its own name need not be readable. */
async function readBelow(
  store: Store,
  { path, quorum, signal }: GetRequest,
): Promise<ITxnResponse | undefined> {
  const below = read(path.directory, { end: rangeEnd(path.directory), serializable: !quorum });
  const answer = await store.txn({ success: [below] }, { signal, oneShot: false });
  return kvsOf(answer, 0).length > 0 ? answer : undefined;
}

/**
 * Reads a file, or a directory with its nodes.
 *
 * @throws KeysError 100 when there is neither
 */
export async function getNode(store: Store, request: GetRequest): Promise<KeysResponse> {
  const { path, recursive, sort } = request;
  const directory = path.slashed && !path.root ? await readBelow(store, request) : undefined;
  const answer = directory ?? (await readBoth(store, request));
  const file = directory ? undefined : path.root ? undefined : kvOf(answer, 0);
  const common = bare('get', answer.header);
  if (file) {
    const node = await withLifetimes(store, request, (lifetime) =>
      fileNode(path.key, file, lifetime(file, false)),
    );
    return { ...common, node };
  }
  const kvs = kvsOf(answer, directory ? 0 : 1);
  if (kvs.length === 0 && !path.root) throw new KeysError(KeysErrorCode.KeyNotFound, path.key, common.index);
  const node = await withLifetimes(store, request, (lifetime) =>
    buildTree(path, kvs, { recursive, sort, lifetime }),
  );
  return { ...common, node };
}
