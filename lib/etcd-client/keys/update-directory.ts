import { KeysError, KeysErrorCode } from '../errors/index.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { hasLease, leaseKind } from './lease-id.js';
import { type KeysResponse } from './node.js';
import { isAbsent, kvOf, kvsOf, modifiedAt, put, read } from './operations.js';
import { TxnAttempts } from './txn-attempts.js';
import { bare, type Store } from './store.js';
import { dirNode } from './tree.js';

/** The options of an update of a directory, complete. */
export interface UpdateDirectoryRequest {
  readonly path: KeyPath;
  readonly ttl: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Renews the TTL of a directory, or changes the TTL of an empty one. The nodes of a directory share its lease, and v3
 * cannot bind them to another lease without events. A directory without a marker gets one.
 *
 * @throws KeysError 100 if the key does not exist, 101 if the attempts are used up, 104 if it is a file, 209 for another
 * TTL of a directory that is not empty
 */
export async function updateDirectory(store: Store, request: UpdateDirectoryRequest): Promise<KeysResponse> {
  const { path, ttl, signal } = request;
  const end = rangeEnd(path.directory);
  const attempts = new TxnAttempts(store, path);
  for (;;) {
    await attempts.begin(signal);
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
        // Confirms that the renewed lease is still the directory's.
        const { succeeded, header } = await store.txn(
          {
            compare: [modifiedAt(path.directory, Number(marker.mod_revision))],
            success: [read(path.directory, { keysOnly: true })],
          },
          { signal, oneShot: false },
        );
        if (!succeeded) continue;
        const prevNode = dirNode(path.key, marker, {});
        return { ...bare('update', header), node: { ...prevNode, ...store.expiresIn(ttl) }, prevNode };
      }
    }
    if (!empty && (ttl !== undefined || hasLease(lease))) {
      const why = 'the TTL of a directory can be changed only while it is empty';
      throw new KeysError(KeysErrorCode.InvalidField, `${path.key}: ${why}`, index);
    }

    const grant = ttl === undefined ? undefined : await store.leases.grant('dir', ttl, signal);
    const response = await store.txn(
      {
        compare: [
          marker ? modifiedAt(path.directory, Number(marker.mod_revision)) : isAbsent(path.directory),
          ...(empty ? [isAbsent(`${path.directory}\0`, end)] : []),
        ],
        success: [put(path.directory, '', grant?.id ?? '0')],
      },
      { signal, oneShot: true },
    );
    if (!response.succeeded) {
      if (grant) store.leases.release(grant.id);
      continue;
    }
    store.leases.release(lease);
    const common = bare('update', response.header);
    const createdIndex = Number((marker ?? first).create_revision);
    const node = { key: path.key, dir: true, createdIndex, modifiedIndex: common.index };
    return {
      ...common,
      node: { ...node, ...store.lifetime(grant) },
      prevNode: { ...node, modifiedIndex: Number((marker ?? first).mod_revision) },
    };
  }
}
