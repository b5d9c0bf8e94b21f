import type { IKeyValue, IRangeRequest, IRangeResponse } from 'etcd3';
import { classify } from '../../etcd-client/classify.js';
import { ClusterError } from '../../etcd-client/errors/cluster.error.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';
import { type EtcdCaller } from '../../etcd-client/request.js';
import { type Clock } from '../../common/clock.js';
import { DeadlineExceededError } from '../../common/errors/index.js';
import { type KeyRange } from './layout.js';
import { type Position } from './cursor.js';
import { type PageSize } from './page-size.js';

/** Lists begun anew where history was compacted between two pages. */
const ROUNDS = 3;

/** The content of a range at one moment. */
export interface RangeContent {
  readonly kvs: readonly IKeyValue[];
  readonly at: Position;
}

/** What reads ranges, and what it knows of the way to the cluster. */
export interface RangeReader {
  readonly client: EtcdCaller;
  readonly clock: Clock;
  readonly pages: PageSize;
}

/**
 * Reads a range linearizably: page by page, all at the revision of the first. A page that does not arrive in time is
 * asked for once more, smaller.
 *
 * @throws as {@link EtcdCaller.call}
 */
export async function readRange(
  reader: RangeReader,
  range: KeyRange,
  what: string,
  signal: AbortSignal,
): Promise<RangeContent> {
  for (let round = 1; ; round++) {
    try {
      return await readPages(reader, range, what, signal);
    } catch (error) {
      const again = error instanceof EtcdResponseError && error.compacted && round < ROUNDS;
      if (!again) throw error;
    }
  }
}

async function readPages(
  reader: RangeReader,
  { key, rangeEnd }: KeyRange,
  what: string,
  signal: AbortSignal,
): Promise<RangeContent> {
  const kvs: IKeyValue[] = [];
  let at: Position | undefined;
  let from = key;
  let retried = false;
  for (;;) {
    const revision = at?.revision ?? 0n;
    const request = {
      key: from,
      ...(rangeEnd && { range_end: rangeEnd }),
      revision: String(revision),
    };
    const size = reader.pages.current;
    let page: IRangeResponse;
    try {
      page = await readPage(reader, request, what, signal);
    } catch (error) {
      // With more endpoints, the others were asked for a smaller page already.
      const alone = error instanceof ClusterError && error.errors.length === 1;
      if (!alone || retried || reader.pages.current >= size) throw error;
      retried = true;
      continue;
    }
    at ??= { clusterId: page.header.cluster_id, revision: BigInt(page.header.revision) };
    for (const kv of page.kvs) kvs.push(kv);
    const last = page.kvs.at(-1);
    if (!page.more || !last) return { kvs, at };
    from = Buffer.concat([last.key, Buffer.from([0])]);
  }
}

async function readPage(
  { client, clock, pages }: RangeReader,
  request: IRangeRequest & { readonly key: Buffer },
  what: string,
  signal: AbortSignal,
): Promise<IRangeResponse> {
  return await client.call(
    {
      what,
      command: () => ['get', request.key.toString(), ...(request.range_end ? ['--prefix'] : [])],
      run: async ({ kv }, options, attempt) => {
        const limit = pages.current;
        const began = clock.now();
        const onAbort = (): void => {
          if (attempt.reason instanceof DeadlineExceededError) pages.late(limit);
        };
        attempt.addEventListener('abort', onAbort, { once: true });
        try {
          const page = await kv.range({ ...request, limit }, options);
          pages.arrived(page.kvs.length, clock.now() - began, client.timeoutMs);
          return page;
        } catch (error) {
          if (classify(error).late) pages.late(limit);
          throw error;
        } finally {
          attempt.removeEventListener('abort', onAbort);
        }
      },
    },
    signal,
  );
}
