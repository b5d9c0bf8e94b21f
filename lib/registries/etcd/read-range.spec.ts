import type { IKeyValue, IRangeRequest, IRangeResponse } from 'etcd3';
import { type EtcdConnection } from '../../etcd-client/connection.js';
import { ClusterError, EndpointError } from '../../etcd-client/errors/index.js';
import { type EtcdCaller, type EtcdRequest } from '../../etcd-client/request.js';
import { attempt } from '../../common/async/deadline.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { PageSize } from './page-size.js';
import { type RangeContent, type RangeContext, readRange } from './read-range.js';

const RANGE = { key: Buffer.from('/p/web/'), rangeEnd: Buffer.from('/p/web0') };

/** A cluster with many keys behind a link of limited throughput. */
class SlowLink implements EtcdCaller {
  readonly timeoutMs = 1_500;
  readonly limits: number[] = [];
  private readonly kvs: readonly IKeyValue[];

  constructor(
    private readonly clock: VirtualClock,
    count: number,
    public keysPerSecond: number,
    private readonly endpoints = 1,
  ) {
    this.kvs = Array.from({ length: count }, (_, i) => ({
      key: Buffer.from(`/p/web/${String(i).padStart(6, '0')}`),
    })) as unknown as IKeyValue[];
  }

  async call<T>(request: EtcdRequest<T>, signal?: AbortSignal): Promise<T> {
    const { clock, timeoutMs: timeout } = this;
    const connection = { kv: { range: async (asked: IRangeRequest) => await this.range(asked) } };
    const errors: EndpointError[] = [];
    for (let i = 0; i < this.endpoints; i += 1) {
      try {
        return await attempt({ clock, timeoutMs: timeout, signal, what: request.what }, async (ended) =>
          request.run(connection as unknown as EtcdConnection, {}, ended),
        );
      } catch (error) {
        errors.push(new EndpointError(`http://${i}`, (error as Error).message, false));
      }
    }
    throw new ClusterError(errors);
  }

  async callOne<T>(): Promise<T> {
    return await Promise.reject(new Error('not used in this test'));
  }

  private async range({ key, limit = 0 }: IRangeRequest): Promise<IRangeResponse> {
    this.limits.push(Number(limit));
    const rest = this.kvs.filter((kv) => kv.key.compare(key!) >= 0);
    const kvs = rest.slice(0, Number(limit));
    await new Promise<void>((resolve) => {
      this.clock.after((kvs.length / this.keysPerSecond) * 1_000, resolve);
    });
    const header = { cluster_id: '1', revision: '7' };
    return { header, kvs, more: rest.length > kvs.length, count: '0' } as unknown as IRangeResponse;
  }
}

function setUp(
  count: number,
  keysPerSecond: number,
  endpoints?: number,
): { clock: VirtualClock; link: SlowLink; list(): Promise<RangeContent> } {
  const clock = new VirtualClock();
  const link = new SlowLink(clock, count, keysPerSecond, endpoints);
  const reader: RangeContext = { client: link, clock, pages: new PageSize() };
  return {
    clock,
    link,
    list: async () => await readRange(reader, RANGE, 'listing', new AbortController().signal),
  };
}

describe('readRange over a slow link', () => {
  it('reads smaller pages after a timeout, and starts the next list with them', async () => {
    const { clock, link, list } = setUp(1_000, 400);
    const first = list();
    await clock.advance(5_000);
    const { kvs } = await first;
    expect(kvs).toHaveLength(1_000);
    expect(new Set(kvs.map(({ key }) => key.toString())).size).toBe(1_000);
    expect(link.limits.slice(0, 2)).toEqual([1_000, 250]);
    link.limits.length = 0;
    const second = list();
    await clock.advance(3_000);
    expect((await second).kvs).toHaveLength(1_000);
    expect(link.limits).toEqual([250, 250, 250, 250]);
  });

  it('requests a smaller page from each further endpoint', async () => {
    const { clock, link, list } = setUp(1_000, 100, 3);
    const listing = list();
    await clock.advance(20_000);
    expect((await listing).kvs).toHaveLength(1_000);
    expect(link.limits.slice(0, 3)).toEqual([1_000, 250, 62]);
  });

  it('fails where a smaller page times out too, and starts the next list with a smaller one', async () => {
    const { clock, link, list } = setUp(1_000, 50);
    const first = list();
    const failed = expect(first).rejects.toThrow(ClusterError);
    await clock.advance(3_100);
    await failed;
    expect(link.limits).toEqual([1_000, 250]);
    const second = list();
    await clock.advance(30_000);
    expect((await second).kvs).toHaveLength(1_000);
    expect(link.limits[2]).toBe(62);
  });

  it('requests larger pages again when the link is fast', async () => {
    const { clock, link, list } = setUp(5_000, 400);
    const first = list();
    await clock.advance(20_000);
    await first;
    link.keysPerSecond = 100_000;
    link.limits.length = 0;
    const second = list();
    await clock.advance(1_000);
    expect((await second).kvs).toHaveLength(5_000);
    expect(link.limits.slice(0, 3)).toEqual([250, 500, 1_000]);
    expect(Math.max(...link.limits)).toBe(1_000);
  });
});
