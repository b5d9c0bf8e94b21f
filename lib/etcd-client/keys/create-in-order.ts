import { type KeyPath } from './key-path.js';
import { type KeysResponse } from './node.js';
import { read } from './operations.js';
import { type Store } from './store.js';
import { write } from './write.js';

/** Digits of a name given by the index, so that names sort as their numbers do. */
const DIGITS = 20;

/** What sorts right after the digits. */
const AFTER_DIGITS = ':';

/** The name of a key in order. */
export function indexName(index: number): string {
  return String(index).padStart(DIGITS, '0');
}

/**
 * Creates a key in `directory` whose name is greater than that of every key created there in order before. The name
 * is the revision after the one the store was seen at; somebody who was faster moves it on.
 *
 * @throws KeysError 104 when `directory` is a file
 */
export async function createInOrder(
  store: Store,
  directory: KeyPath,
  request: {
    readonly value: string;
    readonly ttl: number | undefined;
    readonly signal: AbortSignal | undefined;
  },
): Promise<KeysResponse> {
  const { signal } = request;
  const seen = await store.txn(
    { success: [read(directory.directory, { keysOnly: true })] },
    { signal, oneShot: false },
  );
  const next = (revision: number): KeyPath => directory.child(indexName(revision + 1));
  return await write(store, {
    ...request,
    path: next(Number(seen.header.revision)),
    action: 'create',
    dir: false,
    order: { until: directory.directory + AFTER_DIGITS, next },
  });
}
