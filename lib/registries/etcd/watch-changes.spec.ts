import type { IEvent, IKeyValue } from 'etcd3';
import { type EtcdConnection } from '../../etcd-client/connection.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';
import { type EtcdCaller, type EtcdRequest } from '../../etcd-client/request.js';
import { type Change } from '../../registry/registry.js';
import { EtcdLayout } from './etcd-layout.js';
import { scopeContent } from './scope-content.js';
import { WatchChanges } from './watch-changes.js';

const SCOPE = { kind: 'service', service: 'web' } as const;
const GO = '/p/web/10.0.0.9:80';
const OWN = '/p/web/10.0.0.9%3A80';

/** A store with the full history of each key. */
class FakeStore implements EtcdCaller {
  readonly timeoutMs = 1_000;
  readonly requests: number[] = [];
  refusal: Error | undefined;
  private readonly states: ReadonlyMap<string, IKeyValue>[] = [new Map()];

  /** Commits one transaction: a port or a value for each key that is written, undefined for one that is deleted. */
  commit(writes: Readonly<Record<string, number | string | undefined>>): IEvent[] {
    const before = this.current;
    const after = new Map(before);
    this.states.push(after);
    const mod_revision = String(this.states.length - 1);
    return Object.entries(writes).map(([name, value]) => {
      const key = Buffer.from(name);
      if (value === undefined) {
        after.delete(name);
        return { type: 'Delete', kv: { key, mod_revision }, prev_kv: before.get(name) } as unknown as IEvent;
      }
      const text = typeof value === 'number' ? `{"Op":0,"Addr":"10.0.0.9:${value}"}` : value;
      const kv = { key, value: Buffer.from(text), lease: '0', mod_revision } as unknown as IKeyValue;
      after.set(name, kv);
      return { type: 'Put', kv } as unknown as IEvent;
    });
  }

  get current(): ReadonlyMap<string, IKeyValue> {
    return this.states.at(-1) ?? new Map<string, IKeyValue>();
  }

  async call<T>(request: EtcdRequest<T>): Promise<T> {
    if (this.refusal) throw this.refusal;
    const txn = async ({
      success,
    }: {
      success: { request_range: { key: Buffer; revision: string } }[];
    }): Promise<unknown> => {
      this.requests.push(success.length);
      return await Promise.resolve({
        responses: success.map(({ request_range: { key, revision } }) => {
          const kv = this.states[Number(revision)]?.get(key.toString());
          return { response_range: { kvs: kv ? [kv] : [] } };
        }),
      });
    };
    return await request.run({ kv: { txn } } as unknown as EtcdConnection, {}, {} as never);
  }

  async callOne<T>(): Promise<T> {
    return await Promise.reject(new Error('not used in this test'));
  }
}

function setUp(): { store: FakeStore; changesOf(events: readonly IEvent[]): Promise<string[]> } {
  const store = new FakeStore();
  const changes = new WatchChanges(store, new EtcdLayout('/p'));
  return {
    store,
    changesOf: async (events) => {
      const requests = store.requests.length;
      const atOnce = changes.atOnce(SCOPE, events)?.map(shown);
      const all = (await changes.of(SCOPE, events)).map(shown);
      // What is known at once is the same, and needs no request.
      if (atOnce) expect([atOnce, store.requests.length]).toEqual([all, requests]);
      return all;
    },
  };
}

function shown(change: Change): string {
  if (change.kind === 'delete') return `delete ${change.cause}`;
  if (change.kind === 'malformed') return 'malformed';
  const { record } = change.entry;
  return record.kind === 'instance' ? `${record.instance.id} at ${record.instance.port}` : record.key;
}

function listed(store: FakeStore): string[] {
  const kvs = [...store.current.values()].sort((a, b) => a.key.compare(b.key));
  return scopeContent(new EtcdLayout('/p'), SCOPE, kvs).entries.map((entry) => shown({ kind: 'put', entry }));
}

describe('WatchChanges', () => {
  it('needs no request for puts, and for deletions whose causes are not used', () => {
    const store = new FakeStore();
    const changes = new WatchChanges(store, new EtcdLayout('/p'));
    const events = [
      ...store.commit({ '/p/web/a': 80, '/p/web/b': 81 }),
      ...store.commit({ '/p/web/a': undefined }),
    ];
    expect(changes.atOnce(SCOPE, events, false)?.map(shown)).toEqual([
      'a at 80',
      'b at 81',
      'delete unknown',
    ]);
    expect(changes.atOnce(SCOPE, events)?.map(shown)).toEqual(['a at 80', 'b at 81', 'delete withdrawn']);
    expect(changes.atOnce(SCOPE, store.commit({ [GO]: 80 }))).toBeUndefined();
  });

  it('keeps an own instance when the key that Go registered with the same id is deleted', async () => {
    const { store, changesOf } = setUp();
    expect(await changesOf(store.commit({ [OWN]: 1 }))).toEqual(['10.0.0.9:80 at 1']);
    expect(await changesOf(store.commit({ [GO]: 2 }))).toEqual(['10.0.0.9:80 at 1']);
    expect(listed(store)).toEqual(['10.0.0.9:80 at 1']);
    expect(await changesOf(store.commit({ [GO]: undefined }))).toEqual(['10.0.0.9:80 at 1']);
    expect(await changesOf(store.commit({ [OWN]: undefined }))).toEqual(['delete withdrawn']);
    expect(listed(store)).toEqual([]);
  });

  it('falls back to the instance that Go registered when the own one is deleted', async () => {
    const { store, changesOf } = setUp();
    expect(await changesOf(store.commit({ [GO]: 2 }))).toEqual(['10.0.0.9:80 at 2']);
    expect(await changesOf(store.commit({ [OWN]: 1 }))).toEqual(['10.0.0.9:80 at 1']);
    expect(await changesOf(store.commit({ [OWN]: undefined }))).toEqual(['10.0.0.9:80 at 2']);
    expect(listed(store)).toEqual(['10.0.0.9:80 at 2']);
    expect(await changesOf(store.commit({ [GO]: undefined }))).toEqual(['delete withdrawn']);
  });

  it('reads both keys at the revision of the event, however late it is read', async () => {
    const { store, changesOf } = setUp();
    const events = [
      ...store.commit({ [GO]: 2, [OWN]: 1 }),
      ...store.commit({ [OWN]: undefined }),
      ...store.commit({ [OWN]: 3 }),
      ...store.commit({ [GO]: undefined }),
      ...store.commit({ [OWN]: undefined }),
    ];
    expect(await changesOf(events)).toEqual([
      '10.0.0.9:80 at 1',
      '10.0.0.9:80 at 1',
      '10.0.0.9:80 at 2',
      '10.0.0.9:80 at 3',
      '10.0.0.9:80 at 3',
      'delete withdrawn',
    ]);
    expect(store.requests).toEqual([4]);
  });

  it('reads no other key for an id that only one key can have', async () => {
    const { store, changesOf } = setUp();
    expect(await changesOf(store.commit({ '/p/web/one': 1 }))).toEqual(['one at 1']);
    expect(await changesOf(store.commit({ '/p/web/one': undefined }))).toEqual(['delete withdrawn']);
    expect(store.requests).toEqual([]);
  });

  it('fails where it cannot read the other key', async () => {
    const { store, changesOf } = setUp();
    const events = store.commit({ [OWN]: undefined });
    store.refusal = new EtcdResponseError('http://a', 'mvcc: required revision has been compacted', 11);
    await expect(changesOf(events)).rejects.toBe(store.refusal);
  });

  it('reports an entry that its writer declares deleted as withdrawn', async () => {
    const { store, changesOf } = setUp();
    await changesOf(store.commit({ '/p/web/one': 1, [OWN]: 1, [GO]: 2 }));
    const deleted = '{"Op":1,"Addr":"10.0.0.9:1"}';
    expect(await changesOf(store.commit({ '/p/web/one': deleted }))).toEqual(['delete withdrawn']);
    expect(await changesOf(store.commit({ [OWN]: deleted }))).toEqual(['10.0.0.9:80 at 2']);
    expect(listed(store)).toEqual(['10.0.0.9:80 at 2']);
  });

  it('lists the encoded key of an id, in whichever order the keys come', () => {
    const { store } = setUp();
    store.commit({ '/p/web/a b': 2, '/p/web/a%20b': 1, '/p/web/c%20d': 3, '/p/web/c d': 4 });
    expect(listed(store)).toEqual(['a b at 1', 'c d at 3']);
  });
});
