import type { IKeyValue, IResponseHeader } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { conditionError, type Conditions } from './conditions.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { leaseKind } from './lease-id.js';
import { type KeysAction, type KeysResponse } from './node.js';
import { kvOf, modifiedAt, read, rebind } from './operations.js';
import { TxnAttempts } from './txn-attempts.js';
import { bare, type Store } from './store.js';
import { fileNode } from './tree.js';

/** The options of a refresh, complete. */
export interface RefreshRequest extends Conditions {
  readonly path: KeyPath;
  readonly action: KeysAction;
  readonly ttl: number;
  readonly signal: AbortSignal | undefined;
}

async function readFile(store: Store, { path, signal }: RefreshRequest) {
  const below = read(path.directory, { end: rangeEnd(path.directory), keysOnly: true, limit: 1 });
  const own = await store.txn({ success: [read(path.key)] }, { signal, oneShot: false });
  const found = kvOf(own, 0);
  if (found !== undefined) return { found, header: own.header };
  const range = await store.txn({ success: [below] }, { signal, oneShot: false });
  const code = kvOf(range, 0) === undefined ? KeysErrorCode.KeyNotFound : KeysErrorCode.NotFile;
  throw new KeysError(code, path.key, Number(range.header.revision));
}

/** Renews the key's lease. Returns whether the key now has the requested TTL. */
async function renew(store: Store, found: IKeyValue, request: RefreshRequest): Promise<boolean> {
  const kind = leaseKind(found.lease);
  if (kind === undefined || kind === 'dir') return false;
  return (await store.port.keepAlive(found.lease, request.signal)) === request.ttl;
}

/** Checks after the renewal that the key has not changed since it was read; undefined if it has. */
async function confirm(
  store: Store,
  found: IKeyValue,
  { path, signal }: RefreshRequest,
): Promise<IResponseHeader | undefined> {
  const { succeeded, header } = await store.txn(
    {
      compare: [modifiedAt(path.key, Number(found.mod_revision))],
      success: [read(path.key, { keysOnly: true })],
    },
    { signal, oneShot: false },
  );
  return succeeded ? header : undefined;
}

/**
 * Renews the TTL of a file without an event for watchers. If the lease already has the requested TTL it is renewed, and a
 * transaction confirms that the key has not changed meanwhile. Another TTL needs a new lease. The write that binds the key
 * to it changes `modifiedIndex`, and watchers of this client leave it out, as the v2 server did.
 *
 * @throws KeysError 100 if the key does not exist, 101 if a condition failed or the attempts are used up, 102 if it is a
 * directory
 */
export async function refresh(store: Store, request: RefreshRequest): Promise<KeysResponse> {
  const { path, ttl, signal, action } = request;
  const attempts = new TxnAttempts(store, path);
  for (;;) {
    await attempts.begin(signal);
    const { found, header } = await readFile(store, request);
    const error = conditionError(found, request, Number(header.revision));
    if (error) throw error;
    const prevNode = fileNode(path.key, found, {});
    if (await renew(store, found, request)) {
      const confirmed = await confirm(store, found, request);
      if (!confirmed) continue;
      return { ...bare(action, confirmed), node: { ...prevNode, ...store.expiresIn(ttl) }, prevNode };
    }
    const lease = await store.leases.grant('refresh', ttl, signal);
    const response = await store.txn(
      {
        compare: [modifiedAt(path.key, Number(found.mod_revision))],
        success: [rebind(path.key, lease.id)],
      },
      { signal, oneShot: true },
    );
    if (!response.succeeded) {
      store.leases.release(lease.id);
      continue;
    }
    if (leaseKind(found.lease) !== 'dir') store.leases.release(found.lease);
    const node = { ...prevNode, modifiedIndex: Number(response.header.revision), ...store.lifetime(lease) };
    return { ...bare(action, response.header), node, prevNode };
  }
}
