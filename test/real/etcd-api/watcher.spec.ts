import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { type KeysResponse } from '../../../lib/etcd-client/keys/node.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { TcpProxy } from '../../harness/proxy.js';
import { sleep, until } from '../../harness/wait.js';

let etcd: EtcdCluster;
let client: EtcdClient;
let soon: AbortSignal;

beforeAll(async () => {
  etcd = await startEtcd();
  client = await EtcdClient.create({ endpoints: etcd.urls, headerTimeoutPerRequest: 20 });
});

beforeEach(() => {
  soon = AbortSignal.timeout(120_000);
});

afterAll(async () => {
  await client.close();
  await etcd.stop();
});

const keys = () => client.keys;

describe('TestHTTPWatcherNextWaitAction', () => {
  it('starts after an index and continues after each event', async () => {
    const { index } = await keys().set('/w/a', '1');
    await keys().set('/w/a', '2');
    await keys().set('/w/a', '3');
    const watcher = keys().watcher('/w/a', { afterIndex: index - 1 });
    const events = [await watcher.next(soon), await watcher.next(soon), await watcher.next(soon)];
    expect(events.map(({ action, node }) => [action, node.value])).toEqual([
      ['create', '1'],
      ['set', '2'],
      ['set', '3'],
    ]);
    expect(events[1]?.prevNode).toEqual(events[0]?.node);
    expect(events.map(({ index: at }) => at)).toEqual([index, index + 1, index + 2]);
    watcher.close();
  });

  it('starts now when no index is given', async () => {
    await keys().set('/w/now', 'before');
    const watcher = keys().watcher('/w/now');
    await until('the end of earlier watches', async () => (await etcd.members[0]!.watchers()) === 0);
    const next = watcher.next(soon);
    await until('the watch', async () => (await etcd.members[0]!.watchers()) > 0);
    await keys().set('/w/now', 'after');
    expect((await next).node.value).toBe('after');
    watcher.close();
  });
});

describe('TestHTTPKeysAPIWatcherAction', () => {
  it('follows what is below, each event as what it was', async () => {
    const { index } = await keys().set('/tree/x', '1');
    await keys().set('/tree-2/x', 'a sibling');
    await keys().set('/tree/_hidden', 'hidden');
    await keys().set('/tree/x', '2');
    await keys().create('/tree/deep/y', '3');
    await keys().set('/tree/made', '', { dir: true });
    await keys().set('/tree/short', 'x', { ttl: 600 });
    await keys().delete('/tree/short');
    await keys().delete('/tree/deep', { recursive: true });
    await keys().set('/tree/expires', 'x', { ttl: 2 });
    const seen: string[] = [];
    for await (const { action, node } of keys()
      .watcher('/tree', { recursive: true, afterIndex: index })
      .events(soon)) {
      seen.push(`${action} ${node.key}${node.dir ? '/' : ''}`);
      if (action === 'expire') break;
    }
    expect(seen).toEqual([
      'set /tree/x',
      'create /tree/deep/y',
      'create /tree/made/',
      'create /tree/short',
      'delete /tree/short',
      'delete /tree/deep/y',
      'create /tree/expires',
      'expire /tree/expires',
    ]);
  });

  it('hears of its own key only, without recursive', async () => {
    const { index } = await keys().set('/only/a', '1');
    await keys().set('/only/a-b', '1');
    await keys().delete('/only/a');
    await keys().set('/only/a/below', '1');
    await keys().delete('/only/a', { recursive: true });
    await keys().set('/only/a', 'end');
    const watcher = keys().watcher('/only/a', { afterIndex: index });
    expect(await watcher.next(soon)).toMatchObject({ action: 'delete', prevNode: { value: '1' } });
    expect(await watcher.next(soon)).toMatchObject({ action: 'create', node: { value: 'end' } });
    watcher.close();
  });

  it('is not woken by a refresh', async () => {
    const { index } = await keys().set('/refreshed', '1', { ttl: 60 });
    const watcher = keys().watcher('/refreshed', { afterIndex: index });
    await keys().set('/refreshed', '', { refresh: true, ttl: 60 });
    await keys().set('/refreshed', '', { refresh: true, ttl: 90 });
    await keys().update('/refreshed', '', { refresh: true, ttl: 90 });
    await keys().set('/refreshed', '2');
    expect((await watcher.next(soon)).node.value).toBe('2');
    watcher.close();
  });
});

describe('TestHTTPWatcherNextFail', () => {
  it('is usable after an abort, and loses nothing by it', async () => {
    const { index } = await keys().set('/abort', '0');
    const watcher = keys().watcher('/abort', { afterIndex: index });
    const reason = new Error('enough');
    const given = new AbortController();
    const next = watcher.next(given.signal);
    setTimeout(() => given.abort(reason), 100);
    await expect(next).rejects.toBe(reason);
    await expect(watcher.next(AbortSignal.abort(reason))).rejects.toBe(reason);
    await keys().set('/abort', '1');
    expect((await watcher.next(soon)).node.value).toBe('1');
    watcher.close();
  });

  it('loses nothing to aborts at any moment', async () => {
    const { index } = await keys().set('/races', '0');
    const watcher = keys().watcher('/races', { afterIndex: index });
    const writing = (async () => {
      for (let value = 1; value <= 200; value += 1) await keys().set('/races', String(value));
    })();
    const seen: number[] = [];
    while (seen.length < 200) {
      const given = new AbortController();
      const timer = setTimeout(() => given.abort(), Math.random() * 5);
      const event = await watcher.next(AbortSignal.any([given.signal, soon])).catch(() => undefined);
      clearTimeout(timer);
      soon.throwIfAborted();
      if (event) seen.push(Number(event.node.value));
    }
    await writing;
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    watcher.close();
  });

  it('reports 401 when history was compacted, and continues with the oldest event there is', async () => {
    const { index } = await keys().set('/compact', '0');
    for (let value = 1; value <= 5; value += 1) await keys().set('/compact', String(value));
    await etcd.compact();
    const watcher = keys().watcher('/compact', { afterIndex: index });
    const error: unknown = await watcher.next(soon).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 401, index: index + 5 });
    expect(String(error)).toContain('outdated and cleared');
    await keys().set('/compact', 'after');
    let last: KeysResponse;
    do last = await watcher.next(soon);
    while (last.node.value !== 'after');
    expect(last.action).toBe('set');
    watcher.close();
  });

  it('serves calls side by side in turn', async () => {
    const { index } = await keys().set('/side', '0');
    const watcher = keys().watcher('/side', { afterIndex: index });
    const nexts = [1, 2, 3].map(async () => watcher.next(soon));
    for (const value of ['1', '2', '3']) await keys().set('/side', value);
    const events = await Promise.all(nexts);
    expect(events.map(({ node }) => node.value)).toEqual(['1', '2', '3']);
    watcher.close();
  });
});

describe.each(['3.4', '3.5'] as const)('a watcher of etcd %s', (version) => {
  it('continues after a delete that was compacted while its connection was lost', async () => {
    const own = await startEtcd({ version });
    const proxy = await TcpProxy.to({ port: own.members[0]!.port });
    const direct = await EtcdClient.create({ endpoints: own.urls, headerTimeoutPerRequest: 20 });
    const behind = await EtcdClient.create({ endpoints: `127.0.0.1:${proxy.port}` });
    try {
      const { index } = await direct.keys.set('/gone', '1');
      const watcher = behind.keys.watcher('/gone', { afterIndex: index });
      await direct.keys.delete('/gone');
      expect((await watcher.next(soon)).action).toBe('delete');
      const next = watcher.next(soon);
      proxy.drop();
      // Returns once the delete is really gone.
      await own.etcdctl(['compact', '--physical', String(await own.revision())]);
      proxy.pass();
      await direct.keys.set('/gone', '2');
      expect(await next).toMatchObject({ action: 'create', node: { value: '2' } });
    } finally {
      await Promise.all([behind.close(), direct.close()]);
      await proxy.stop();
      await own.stop();
    }
  });
});

describe('what a watcher holds', () => {
  it('is released when the loop ends, when it is closed and when the client is', async () => {
    const own = await EtcdClient.create({ endpoints: etcd.urls });
    const { index } = await keys().set('/held', '1');
    for await (const event of own.keys.watcher('/held', { afterIndex: index - 1 })) {
      expect(event.node.value).toBe('1');
      break;
    }
    const closed = own.keys.watcher('/held');
    const waiting = closed.next();
    await sleep(100);
    closed.close();
    await expect(waiting).rejects.toMatchObject({ code: 'SIDEKICK_CLOSED' });
    const ended = own.keys.watcher('/held').next();
    await sleep(100);
    await own.close();
    await expect(ended).rejects.toMatchObject({ code: 'SIDEKICK_CLOSED' });
  });

  it('ends by itself when no caller waits, and is opened again', async () => {
    const { index } = await keys().set('/idle', '0');
    const watcher = keys().watcher('/idle', { afterIndex: index });
    await keys().set('/idle', '1');
    expect((await watcher.next(soon)).node.value).toBe('1');
    const held = watcher as unknown as { readonly open: unknown };
    expect(held.open).toBeDefined();
    await until('the watch to be released', () => held.open === undefined);
    await keys().set('/idle', '2');
    expect((await watcher.next(soon)).node.value).toBe('2');
    watcher.close();
  });
});
