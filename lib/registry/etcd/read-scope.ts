import type { IKeyValue } from 'etcd3';
import { EtcdResponseError } from '../../etcd/errors/etcd-response.error.js';
import { type EtcdCaller } from '../../etcd/request.js';
import { type KeyRange } from './layout.js';
import { type Position } from './cursor.js';

/** Keys of one page: well below what any server or proxy refuses to send at once. */
const PAGE = 1_000;
/** Lists begun anew where history was compacted between two pages. */
const ROUNDS = 3;

/** The content of a range at one moment. */
export interface RangeContent {
  readonly kvs: readonly IKeyValue[];
  readonly at: Position;
}

/** Reads a range linearizably: page by page, all at the revision of the first. */
export async function readRange(
  client: EtcdCaller,
  range: KeyRange,
  what: string,
  signal: AbortSignal,
): Promise<RangeContent> {
  for (let round = 1; ; round++) {
    try {
      return await readPages(client, range, what, signal);
    } catch (error) {
      const again = error instanceof EtcdResponseError && error.compacted && round < ROUNDS;
      if (!again) throw error;
    }
  }
}

async function readPages(
  client: EtcdCaller,
  { key, rangeEnd }: KeyRange,
  what: string,
  signal: AbortSignal,
): Promise<RangeContent> {
  const kvs: IKeyValue[] = [];
  let at: Position | undefined;
  let from = key;
  for (;;) {
    const revision = at?.revision ?? 0n;
    const page = await client.call(
      {
        what,
        command: () => ['get', key.toString(), ...(rangeEnd ? ['--prefix'] : [])],
        run: async ({ kv }, options) =>
          await kv.range(
            { key: from, ...(rangeEnd && { range_end: rangeEnd }), limit: PAGE, revision: String(revision) },
            options,
          ),
      },
      signal,
    );
    at ??= { clusterId: page.header.cluster_id, revision: BigInt(page.header.revision) };
    for (const kv of page.kvs) kvs.push(kv);
    const last = page.kvs.at(-1);
    if (!page.more || !last) return { kvs, at };
    from = Buffer.concat([last.key, Buffer.from([0])]);
  }
}
