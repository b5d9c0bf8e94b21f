import type { IKeyValue, IRangeRequest, IRangeResponse } from 'etcd3';
import { classify } from '../../etcd-client/classify.js';
import { ClusterError } from '../../etcd-client/errors/cluster.error.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';
import { type EtcdCaller } from '../../etcd-client/request.js';
import { onAbort } from '../../common/async/abort.js';
import { type Clock } from '../../common/clock.js';
import { DeadlineExceededError } from '../../common/errors/index.js';
import { type KeyRange } from './etcd-layout.js';
import { type Position } from './cursor.js';
import { type PageSize } from './page-size.js';

/** Attempts to list a range whose history is compacted between two pages. */
const MAX_ATTEMPTS = 3;

/** The content of a range at one revision. */
export interface RangeContent {
  readonly kvs: readonly IKeyValue[];
  readonly at: Position;
}

/** What {@link readRange} reads. */
export interface RangeToRead extends KeyRange {
  /**
   * Whether to leave out the values.
   *
   * @default false
   */
  readonly keysOnly?: boolean;
}

/** Dependencies of {@link readRange}; the lists of a registry share them. */
export interface RangeContext {
  readonly client: EtcdCaller;
  readonly clock: Clock;
  readonly pages: PageSize;
}

/**
 * Reads a range page by page, all pages at the revision of the first. The read is linearizable. A page that times out is
 * requested once more with fewer keys.
 *
 * @throws as {@link EtcdCaller.call}
 */
export async function readRange(
  reader: RangeContext,
  range: RangeToRead,
  what: string,
  signal: AbortSignal,
): Promise<RangeContent> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await readPages(reader, range, what, signal);
    } catch (error) {
      const retryable = error instanceof EtcdResponseError && error.compacted && attempts < MAX_ATTEMPTS;
      if (!retryable) throw error;
    }
  }
}

async function readPages(
  reader: RangeContext,
  { key, rangeEnd, keysOnly }: RangeToRead,
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
      ...(keysOnly === true && { keys_only: true }),
      revision: String(revision),
    };
    const size = reader.pages.current;
    let page: IRangeResponse;
    try {
      page = await readPage(reader, request, what, signal);
    } catch (error) {
      // With several endpoints, the others already received a smaller page size.
      const single = error instanceof ClusterError && error.errors.length === 1;
      if (!single || retried || reader.pages.current >= size) throw error;
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

/**
 * The number of keys in a range. The read is linearizable.
 *
 * @throws as {@link EtcdCaller.call}
 */
export async function countRange(
  { client }: RangeContext,
  { key, rangeEnd }: KeyRange,
  what: string,
  signal: AbortSignal,
): Promise<number> {
  const request = { key, ...(rangeEnd && { range_end: rangeEnd }), count_only: true };
  const { count } = await client.call(
    {
      what,
      command: () => ['get', key.toString(), '--prefix', '--count-only'],
      run: async ({ kv }, options) => await kv.range(request, options),
    },
    signal,
  );
  return Number(count);
}

async function readPage(
  { client, clock, pages }: RangeContext,
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
        const startedAt = clock.now();
        const remove = onAbort(attempt, () => {
          if (attempt.reason instanceof DeadlineExceededError) pages.timedOut(limit);
        });
        try {
          const page = await kv.range({ ...request, limit }, options);
          pages.completed(page.kvs.length, clock.now() - startedAt, client.timeoutMs);
          return page;
        } catch (error) {
          if (classify(error).late) pages.timedOut(limit);
          throw error;
        } finally {
          remove();
        }
      },
    },
    signal,
  );
}
