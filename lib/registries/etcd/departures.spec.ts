import { type EtcdConnection } from '../../etcd-client/connection.js';
import { type EtcdCaller, type EtcdRequest } from '../../etcd-client/request.js';
import { deferred } from '../../common/async/deferred.js';
import { Departures } from './departures.js';
import { EtcdLayout } from './layout.js';

interface Read {
  readonly request_range: { readonly key: Buffer; readonly revision: string };
}

/** An etcd in whose history every session kept its record, but for one that expired. */
class FakeEtcd implements EtcdCaller {
  readonly timeoutMs = 1_000;
  readonly asked: number[] = [];
  answer: Promise<unknown> = Promise.resolve();

  async call<T>(request: EtcdRequest<T>): Promise<T> {
    const txn = async ({ success }: { success: readonly Read[] }): Promise<unknown> => {
      this.asked.push(success.length / 2);
      await this.answer;
      const responses = success.map(({ request_range: { key, revision } }) => {
        const gone = key.toString().endsWith('/expired') && revision === '9';
        return { response_range: { kvs: gone ? [] : [{ value: Buffer.from('{}') }] } };
      });
      return { responses };
    };
    return await request.run({ kv: { txn } } as unknown as EtcdConnection, {}, {} as never);
  }

  async callOne<T>(): Promise<T> {
    return await Promise.reject(new Error('not asked for here'));
  }
}

function setUp(): { etcd: FakeEtcd; departures: Departures } {
  const etcd = new FakeEtcd();
  return { etcd, departures: new Departures(etcd, new EtcdLayout('sidekick')) };
}

describe('Departures', () => {
  it('tells what was removed from what expired', async () => {
    const { departures } = setUp();
    expect(await departures.causeOf({ lease: 'kept', revision: 9n })).toBe('withdrawn');
    expect(await departures.causeOf({ lease: 'expired', revision: 9n })).toBe('expired');
  });

  it('asks once for all watches of what one session took with it', async () => {
    const { etcd, departures } = setUp();
    const causes = await Promise.all(
      Array.from({ length: 10_000 }, () => departures.causeOf({ lease: 'expired', revision: 9n })),
    );
    expect(new Set(causes)).toEqual(new Set(['expired']));
    expect(etcd.asked).toEqual([1]);
  });

  it('asks for many together, one request at a time, and for what comes meanwhile with the next', async () => {
    const { etcd, departures } = setUp();
    const slow = deferred<void>();
    etcd.answer = slow.promise;
    const ask = (count: number, from: number): Promise<unknown>[] =>
      Array.from({ length: count }, (_, i) =>
        departures.causeOf({ lease: 'kept', revision: BigInt(from + i) }),
      );
    const first = ask(10, 100);
    await new Promise(setImmediate);
    expect(etcd.asked).toEqual([10]);
    const later = ask(130, 200);
    await new Promise(setImmediate);
    expect(etcd.asked).toEqual([10]);
    slow.resolve();
    await Promise.all([...first, ...later]);
    expect(etcd.asked).toEqual([10, 60, 60, 10]);
  });

  it('says that it does not know where etcd does not answer, and asks again the next time', async () => {
    const { etcd, departures } = setUp();
    etcd.answer = Promise.reject(new Error('compacted'));
    expect(await departures.causeOf({ lease: 'kept', revision: 9n })).toBe('unknown');
    etcd.answer = Promise.resolve();
    expect(await departures.causeOf({ lease: 'kept', revision: 9n })).toBe('withdrawn');
  });
});
