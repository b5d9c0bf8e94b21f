import { KeysError, KeysErrorCode } from '../errors/index.js';
import { type EtcdWatches } from '../watches.js';
import { asKeysError } from './as-keys-error.js';
import { type WatchedEvents, type WatchRange } from './keys-port.js';

/**
 * Watches a range over the client's shared watch stream.
 *
 * @throws KeysError 400 if the store was replaced, 401 if the history was compacted up to the error's `index`, 110 if
 * permission is denied
 */
export async function* watchRange(
  watches: Pick<EtcdWatches, 'watch'>,
  { key, rangeEnd, fromRevision, clusterId }: WatchRange,
  signal: AbortSignal,
): AsyncGenerator<WatchedEvents, void, void> {
  const request = {
    key: Buffer.from(key),
    ...(rangeEnd === undefined ? {} : { rangeEnd: Buffer.from(rangeEnd) }),
    after: BigInt(fromRevision - 1),
    clusterId,
    prevKv: true,
  };
  try {
    for await (const news of watches.watch(request, signal)) {
      switch (news.kind) {
        case 'alive':
          yield { events: [], revision: Number(news.revision) };
          break;
        case 'events':
          yield { events: news.events, revision: Number(news.revision) };
          break;
        case 'compacted': {
          const index = Number(news.revision);
          const about = `the requested history has been cleared [${index}/${fromRevision}]`;
          throw new KeysError(KeysErrorCode.EventIndexCleared, about, index);
        }
        case 'replaced':
          throw new KeysError(KeysErrorCode.WatcherCleared, news.reason);
      }
    }
  } catch (error) {
    throw asKeysError(error);
  }
}
