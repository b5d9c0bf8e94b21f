import { type EtcdCaller } from '../../etcd-client/request.js';
import { decodeSegment } from '../../common/names.js';
import { decodeUtf8 } from '../../common/strings.js';
import { type EtcdLayout, type KeyRange, prefixEnd } from './etcd-layout.js';

/** Keys of one page. They come without values. */
const PAGE_SIZE = 1_000;

/** Returns the next key to read, after a page. */
type Next = (last: Buffer) => Buffer;

const SLASH = 0x2f;

/**
 * Reads the names of the services, sorted. Of a service with many instances only the first page is read: the next page
 * begins after its folder.
 */
export async function serviceNames(
  client: EtcdCaller,
  layout: EtcdLayout,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { root } = layout;
  const folderEnd: Next = (last) => {
    const slash = last.indexOf(SLASH, Buffer.byteLength(root));
    return slash < 0 ? after(last) : prefixEnd(last.subarray(0, slash + 1));
  };
  const names = new Set<string>();
  for await (const key of keysOf(client, layout.all, 'listing the services', folderEnd, signal)) {
    const [segment, id] = decodeUtf8(key)?.slice(root.length).split('/') ?? [];
    // Segments that begin with a dot are the driver's own; keys without an id are plain keys.
    const name = segment === undefined || id === undefined ? undefined : decodeSegment(segment);
    if (name !== undefined && name !== '') names.add(name);
  }
  return [...names].sort();
}

/** Reads the names of the plain keys that begin with `prefix`, sorted. */
export async function keyNames(
  client: EtcdCaller,
  layout: EtcdLayout,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const start = Buffer.from(prefix);
  const range =
    start.length === 0
      ? { key: Buffer.of(0), rangeEnd: Buffer.of(0) }
      : { key: start, rangeEnd: prefixEnd(start) };
  const names: string[] = [];
  for await (const key of keysOf(client, range, 'listing the keys', after, signal)) {
    const name = decodeUtf8(key);
    if (name !== undefined && name !== '' && layout.isPlainKey(name)) names.push(name);
  }
  return names.sort();
}

function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)]);
}

async function* keysOf(
  client: EtcdCaller,
  { key, rangeEnd }: KeyRange,
  what: string,
  next: Next,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const end = rangeEnd ?? after(key);
  const unbounded = end.equals(Buffer.of(0));
  let from = key;
  while (unbounded || Buffer.compare(from, end) < 0) {
    const request = { key: from, range_end: end, keys_only: true, limit: PAGE_SIZE };
    const page = await client.call(
      {
        what,
        command: () => ['get', request.key.toString(), '--prefix', '--keys-only'],
        run: async ({ kv }, options) => await kv.range(request, options),
      },
      signal,
    );
    for (const kv of page.kvs) yield kv.key;
    const last = page.kvs.at(-1);
    if (!page.more || !last) return;
    from = next(last.key);
  }
}
