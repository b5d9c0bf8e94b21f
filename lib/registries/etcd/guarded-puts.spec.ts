import type { ITxnRequest } from 'etcd3';
import { deferred } from '../../common/async/deferred.js';
import { type EtcdConnection } from '../../etcd-client/connection.js';
import { EtcdResponseError } from '../../etcd-client/errors/index.js';
import { type EtcdCaller, type EtcdRequest } from '../../etcd-client/request.js';
import { GuardedPuts, MAX_BATCH_KEYS, NO_REVISION, type PutResult } from './guarded-puts.js';
import { type SessionRecord } from './session-record.js';

const RECORD = Buffer.from('/.sessions/1');
const never = new AbortController().signal;

/** A store that evaluates transactions of puts, guards and reads. */
class Store implements EtcdCaller {
  readonly timeoutMs = 1_000;
  readonly txns: ITxnRequest[] = [];
  readonly revisions = new Map([[RECORD.toString(), '1']]);
  readonly refused = new Set<string>();
  revision = 1;
  gate: Promise<void> = Promise.resolve();
  aborted = 0;

  async call<T>(request: EtcdRequest<T>, signal?: AbortSignal): Promise<T> {
    signal?.addEventListener('abort', () => (this.aborted += 1));
    await this.gate;
    const kv = { txn: (txn: ITxnRequest) => Promise.resolve(this.txn(txn)) };
    return await request.run({ kv } as unknown as EtcdConnection, {}, never);
  }

  async callOne<T>(_: string, request: EtcdRequest<T>): Promise<T> {
    return await this.call(request);
  }

  private txn(txn: ITxnRequest): unknown {
    this.txns.push(txn);
    const puts = (txn.success ?? []).map(({ request_put: put }) => String(put?.key));
    const refused = puts.find((key) => this.refused.has(key));
    if (refused !== undefined) throw new EtcdResponseError('a', 'etcdserver: permission denied', 7);
    const at = (key: unknown): string => this.revisions.get(String(key)) ?? NO_REVISION;
    const succeeded = (txn.compare ?? []).every(({ key, mod_revision }) => at(key) === mod_revision);
    if (succeeded) {
      this.revision += 1;
      for (const key of puts) this.revisions.set(key, String(this.revision));
    }
    const reads = succeeded ? [] : (txn.failure ?? []);
    const responses = reads.map(({ request_range: range }) => {
      const revision = at(range?.key);
      return { response_range: { kvs: revision === NO_REVISION ? [] : [{ mod_revision: revision }] } };
    });
    return { succeeded, responses, header: { revision: String(this.revision), cluster_id: '1' } };
  }
}

function setUp() {
  const store = new Store();
  const record = { key: RECORD, revision: '1' } as SessionRecord;
  const puts = new GuardedPuts(store, '7', record);
  const put = async (key: string, expected = NO_REVISION, signal = never): Promise<PutResult> =>
    await puts.put(
      { what: `writing ${key}`, key: Buffer.from(key), value: Buffer.from('v'), expected },
      signal,
    );
  return { store, put };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `/k${n}`);

describe('GuardedPuts', () => {
  it('sends the puts of one tick in as few transactions as etcd allows, each with all guards and the fence', async () => {
    const { store, put } = setUp();
    const results = await Promise.all(names(300).map(async (key) => await put(key)));
    expect(results.every(({ succeeded }) => succeeded)).toBe(true);
    expect(store.txns.map(({ success }) => success?.length)).toEqual([MAX_BATCH_KEYS, MAX_BATCH_KEYS, 48]);
    expect(store.txns.every(({ compare, success }) => compare?.length === (success?.length ?? 0) + 1)).toBe(
      true,
    );
  });

  it('reports the key whose guard failed, and writes the others', async () => {
    const { store, put } = setUp();
    store.revisions.set('/k1', '9');
    const results = await Promise.all(names(3).map(async (key) => await put(key)));
    expect(results.map(({ succeeded }) => succeeded)).toEqual([true, false, true]);
    expect(results[1]?.current?.mod_revision).toBe('9');
    expect(store.txns).toHaveLength(2);
    expect(store.revisions.get('/k1')).toBe('9');
  });

  it('writes nothing once the fence has moved', async () => {
    const { store, put } = setUp();
    store.revisions.set(RECORD.toString(), '5');
    const results = await Promise.all(names(3).map(async (key) => await put(key)));
    expect(results.map(({ succeeded, record }) => [succeeded, record?.mod_revision])).toEqual(
      names(3).map(() => [false, '5']),
    );
    expect(store.txns).toHaveLength(1);
  });

  it('sends each put alone when etcd refuses the batch', async () => {
    const { store, put } = setUp();
    store.refused.add('/k1');
    const results = await Promise.allSettled(names(3).map(async (key) => await put(key)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.txns).toHaveLength(4);
  });

  it('fails all puts of a batch whose session is gone, without a further request', async () => {
    const { store, put } = setUp();
    const gone = new EtcdResponseError('a', 'etcdserver: requested lease not found', 5);
    store.call = async () => await Promise.reject(gone);
    const results = await Promise.allSettled(names(3).map(async (key) => await put(key)));
    expect(results.map((result) => 'reason' in result && result.reason === gone)).toEqual([true, true, true]);
  });

  it('never writes a key twice in one transaction', async () => {
    const { store, put } = setUp();
    const results = await Promise.all([put('/k'), put('/k')]);
    expect(results.map(({ succeeded }) => succeeded)).toEqual([true, false]);
    expect(store.txns).toHaveLength(2);
  });

  it('aborts the request when its last caller aborts, and does not send what was aborted before', async () => {
    const { store, put } = setUp();
    const gate = deferred<void>();
    store.gate = gate.promise;
    const [one, other, early] = [new AbortController(), new AbortController(), new AbortController()];
    const sent = Promise.allSettled([
      put('/a', NO_REVISION, one.signal),
      put('/b', NO_REVISION, other.signal),
    ]);
    const unsent = Promise.allSettled([put('/c', NO_REVISION, early.signal)]);
    early.abort();
    await Promise.resolve();
    one.abort();
    expect(store.aborted).toBe(0);
    other.abort();
    expect(store.aborted).toBe(1);
    gate.resolve();
    expect((await sent).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await unsent).map(({ status }) => status)).toEqual(['rejected']);
    expect(
      store.txns.flatMap(({ success }) => success?.map(({ request_put: p }) => String(p?.key))),
    ).not.toContain('/c');
  });
});
