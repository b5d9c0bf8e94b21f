import { type EtcdConnection } from '../../etcd-client/connection.js';
import { type EtcdCaller, type EtcdRequest } from '../../etcd-client/request.js';
import { deferred } from '../../common/async/deferred.js';
import { DeletionCauses } from './deletion-causes.js';
import { EtcdLayout } from './etcd-layout.js';

interface Read {
  readonly request_range: { readonly key: Buffer; readonly revision: string };
}

/** An etcd in whose history every session has its record, except one that expired. */
class FakeEtcd implements EtcdCaller {
  readonly timeoutMs = 1_000;
  readonly batches: number[] = [];
  response: Promise<unknown> = Promise.resolve();

  async call<T>(request: EtcdRequest<T>): Promise<T> {
    const txn = async ({ success }: { success: readonly Read[] }): Promise<unknown> => {
      this.batches.push(success.length / 2);
      await this.response;
      const responses = success.map(({ request_range: { key, revision } }) => {
        const deleted = key.toString().endsWith('/expired') && revision === '9';
        return { response_range: { kvs: deleted ? [] : [{ value: Buffer.from('{}') }] } };
      });
      return { responses };
    };
    return await request.run({ kv: { txn } } as unknown as EtcdConnection, {}, {} as never);
  }

  async callOne<T>(): Promise<T> {
    return await Promise.reject(new Error('not used in this test'));
  }
}

function setUp(): { etcd: FakeEtcd; causes: DeletionCauses } {
  const etcd = new FakeEtcd();
  return { etcd, causes: new DeletionCauses(etcd, new EtcdLayout('sidekick')) };
}

describe('Departures', () => {
  it('distinguishes a removed key from an expired one', async () => {
    const { causes } = setUp();
    expect(await causes.causeOf({ lease: 'alive', revision: 9n })).toBe('withdrawn');
    expect(await causes.causeOf({ lease: 'expired', revision: 9n })).toBe('expired');
  });

  it('sends one read for all keys that were deleted with a session', async () => {
    const { etcd, causes } = setUp();
    const found = await Promise.all(
      Array.from({ length: 1_000 }, () => causes.causeOf({ lease: 'expired', revision: 9n })),
    );
    expect(new Set(found)).toEqual(new Set(['expired']));
    expect(etcd.batches).toEqual([1]);
  });

  it('batches reads, sends one request at a time, and adds later reads to the next one', async () => {
    const { etcd, causes } = setUp();
    const slow = deferred<void>();
    etcd.response = slow.promise;
    const ask = (count: number, from: number): Promise<unknown>[] =>
      Array.from({ length: count }, (_, i) => causes.causeOf({ lease: 'alive', revision: BigInt(from + i) }));
    const first = ask(10, 100);
    await new Promise(setImmediate);
    expect(etcd.batches).toEqual([10]);
    const later = ask(130, 200);
    await new Promise(setImmediate);
    expect(etcd.batches).toEqual([10]);
    slow.resolve();
    await Promise.all([...first, ...later]);
    expect(etcd.batches).toEqual([10, 60, 60, 10]);
  });

  it('returns `unknown` where the read fails, and reads again the next time', async () => {
    const { etcd, causes } = setUp();
    etcd.response = Promise.reject(new Error('compacted'));
    expect(await causes.causeOf({ lease: 'alive', revision: 9n })).toBe('unknown');
    etcd.response = Promise.resolve();
    expect(await causes.causeOf({ lease: 'alive', revision: 9n })).toBe('withdrawn');
  });
});
