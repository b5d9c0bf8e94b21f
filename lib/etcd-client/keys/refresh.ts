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

/** One refresh of a file. */
export interface RefreshRequest extends Conditions {
  readonly path: KeyPath;
  readonly action: KeysAction;
  readonly ttl: number;
  readonly signal: AbortSignal | undefined;
}

async function current(store: Store, { path, signal }: RefreshRequest) {
  const below = read(path.directory, { end: rangeEnd(path.directory), keysOnly: true, limit: 1 });
  const own = await store.txn({ success: [read(path.key)] }, { signal, oneShot: false });
  const found = kvOf(own, 0);
  if (found !== undefined) return { found, header: own.header };
  const answer = await store.txn({ success: [below] }, { signal, oneShot: false });
  const code = kvOf(answer, 0) === undefined ? KeysErrorCode.KeyNotFound : KeysErrorCode.NotFile;
  throw new KeysError(code, path.key, Number(answer.header.revision));
}

/** Renews the key's lease where that gives it the TTL asked for, and says whether it did. */
async function renew(store: Store, found: IKeyValue, request: RefreshRequest): Promise<boolean> {
  const kind = leaseKind(found.lease);
  if (kind === undefined || kind === 'dir') return false;
  return (await store.port.keepAlive(found.lease, request.signal)) === request.ttl;
}

/** What decides a refresh after the lease was renewed: whether the key is still the one that was read. */
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
 * Gives a key its TTL again without waking watchers. Where the key already has that TTL its lease is renewed, and a
 * transaction decides whether the key is still the one that was read; nothing else happens. Another TTL needs another lease: the key is bound to it in a write that watchers of this
 * client recognise and leave out, as the v2 server did; its `modifiedIndex` moves.
 *
 * @throws KeysError 100 not there, 101 conditions not met or {@link TxnAttempts} at an end, 102 a directory
 */
export async function refresh(store: Store, request: RefreshRequest): Promise<KeysResponse> {
  const { path, ttl, signal, action } = request;
  const rounds = new TxnAttempts(store, path);
  for (;;) {
    await rounds.begin(signal);
    const { found, header } = await current(store, request);
    const error = conditionError(found, request, Number(header.revision));
    if (error) throw error;
    const prevNode = fileNode(path.key, found, {});
    if (await renew(store, found, request)) {
      const confirmed = await confirm(store, found, request);
      if (!confirmed) continue;
      return { ...bare(action, confirmed), node: { ...prevNode, ...store.secondsLeft(ttl) }, prevNode };
    }
    const grant = await store.leases.grant('refresh', ttl, signal);
    const answer = await store.txn(
      {
        compare: [modifiedAt(path.key, Number(found.mod_revision))],
        success: [rebind(path.key, grant.id)],
      },
      { signal, oneShot: true },
    );
    if (!answer.succeeded) {
      store.leases.release(grant.id);
      continue;
    }
    if (leaseKind(found.lease) !== 'dir') store.leases.release(found.lease);
    const node = { ...prevNode, modifiedIndex: Number(answer.header.revision), ...store.lifetime(grant) };
    return { ...bare(action, answer.header), node, prevNode };
  }
}
