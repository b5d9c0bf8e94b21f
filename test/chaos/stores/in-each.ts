import { type Stage } from '../scenarios/stage.js';
import { type Finding } from '../validators/finding.js';
import { type KeyLog, type KeyStore } from './key-store.js';

/** Plays in each store at the same time, and waits for all of them even where one fails. */
export async function inEach(
  stores: readonly KeyStore[],
  run: (store: KeyStore) => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const outcomes = await Promise.allSettled(stores.map(run));
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** Follows a key until it is stopped, or until the stage ends. */
export async function followed(stage: Stage, store: KeyStore, key: string): Promise<KeyLog> {
  const log = await store.follow(key);
  let ending: ReturnType<KeyLog['end']> | undefined;
  const end: KeyLog['end'] = () => (ending ??= log.end());
  stage.atEnd(end);
  return { complete: log.complete, end };
}
