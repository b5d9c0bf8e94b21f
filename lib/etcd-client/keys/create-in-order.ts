import { type KeyPath } from './key-path.js';
import { type KeysResponse } from './node.js';
import { read } from './operations.js';
import { type Store } from './store.js';
import { write } from './write.js';

/** Digits of a generated name. Padding makes names sort like their numbers. */
const DIGITS = 20;

/** The first character after the digits in byte order. */
const AFTER_DIGITS = ':';

/** The generated name for an index of the store. */
export function indexName(index: number): string {
  return String(index).padStart(DIGITS, '0');
}

/**
 * Creates a key in `directory` whose name is greater than all names generated there before. The name is the store's
 * revision plus 1. If another client takes the name first, the write is retried with the next revision.
 *
 * @throws KeysError 104 if `directory` is a file
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
