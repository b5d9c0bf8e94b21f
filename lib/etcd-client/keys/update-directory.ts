import { KeysError, KeysErrorCode } from '../errors/index.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { hasLease, leaseKind } from './lease-id.js';
import { type KeysResponse } from './node.js';
import { isAbsent, kvOf, kvsOf, modifiedAt, put, read } from './operations.js';
import { TxnAttempts } from './txn-attempts.js';
import { bare, type Store } from './store.js';
import { dirNode } from './tree.js';

/** One update of a directory that exists. */
export interface UpdateDirectoryRequest {
  readonly path: KeyPath;
  readonly ttl: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Renews a directory's TTL, or changes it where the directory is empty: what is in it stands on the same lease, and
 * v3 cannot move it there unseen. A directory that existed only by what it holds becomes one of its own right.
 *
 * @throws KeysError 100 not there, 104 a file, 209 another TTL for a directory that is not empty
 */
export async function updateDirectory(store: Store, request: UpdateDirectoryRequest): Promise<KeysResponse> {
  const { path, ttl, signal } = request;
  const end = rangeEnd(path.directory);
  const rounds = new TxnAttempts(store, path);
  for (;;) {
    await rounds.begin(signal);
    const seen = await store.txn(
      {
        success: [
          read(path.key, { keysOnly: true }),
          read(path.directory, { end, keysOnly: true, limit: 2 }),
        ],
      },
      { signal, oneShot: false },
    );
    const index = Number(seen.header.revision);
    if (kvOf(seen, 0) !== undefined) throw new KeysError(KeysErrorCode.NotDir, path.key, index);
    const below = kvsOf(seen, 1);
    const first = below[0];
    if (first === undefined) throw new KeysError(KeysErrorCode.KeyNotFound, path.key, index);
    const marker = first.key.toString() === path.directory ? first : undefined;
    const empty = marker !== undefined && below.length === 1;
    const lease = marker?.lease ?? '0';

    if (marker && ttl !== undefined && leaseKind(lease) === 'dir') {
      if ((await store.port.keepAlive(lease, signal)) === ttl) {
        // Only now is it certain that the lease that was renewed is still the directory's.
        const { succeeded, header } = await store.txn(
          {
            compare: [modifiedAt(path.directory, Number(marker.mod_revision))],
            success: [read(path.directory, { keysOnly: true })],
          },
          { signal, oneShot: false },
        );
        if (!succeeded) continue;
        const prevNode = dirNode(path.key, marker, {});
        return { ...bare('update', header), node: { ...prevNode, ...store.secondsLeft(ttl) }, prevNode };
      }
    }
    if (!empty && (ttl !== undefined || hasLease(lease))) {
      const why = 'the TTL of a directory can be changed only while it is empty';
      throw new KeysError(KeysErrorCode.InvalidField, `${path.key}: ${why}`, index);
    }

    const grant = ttl === undefined ? undefined : await store.leases.grant('dir', ttl, signal);
    const answer = await store.txn(
      {
        compare: [
          marker ? modifiedAt(path.directory, Number(marker.mod_revision)) : isAbsent(path.directory),
          ...(empty ? [isAbsent(`${path.directory}\0`, end)] : []),
        ],
        success: [put(path.directory, '', grant?.id ?? '0')],
      },
      { signal, oneShot: true },
    );
    if (!answer.succeeded) {
      if (grant) store.leases.release(grant.id);
      continue;
    }
    store.leases.release(lease);
    const common = bare('update', answer.header);
    const createdIndex = Number((marker ?? first).create_revision);
    const node = { key: path.key, dir: true, createdIndex, modifiedIndex: common.index };
    return {
      ...common,
      node: { ...node, ...store.lifetime(grant) },
      prevNode: { ...node, modifiedIndex: Number((marker ?? first).mod_revision) },
    };
  }
}
