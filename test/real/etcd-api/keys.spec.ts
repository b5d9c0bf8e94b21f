import { EtcdClient } from '../../../lib/etcd-client/etcd-client.js';
import { KeysError } from '../../../lib/etcd-client/errors/index.js';
import { until } from '../../harness/wait.js';
import { codeOf, keysClientOfThisFile } from './keys-client.js';

const server = keysClientOfThisFile();

describe('the usage example of the v2 client', () => {
  it('sets a key and gets it', async () => {
    const set = await server.client.keys.set('/foo', 'bar');
    expect(set).toMatchObject({ action: 'set', node: { key: '/foo', value: 'bar', dir: false } });
    expect(set.node.modifiedIndex).toBe(set.index);
    const got = await server.client.keys.get('/foo');
    expect(got).toMatchObject({ action: 'get', node: set.node });
    expect(await server.etcd.get('/foo')).toBe('bar');
  });
});

describe('TestHTTPKeysAPISetAction', () => {
  it('answers with the node before and after', async () => {
    const first = await server.client.keys.set('/set/a', '1');
    expect(first.prevNode).toBeUndefined();
    expect(first.node.createdIndex).toBe(first.node.modifiedIndex);
    const second = await server.client.keys.set('/set/a', '2');
    expect(second.prevNode).toEqual(first.node);
    expect(second.node).toMatchObject({ value: '2', createdIndex: first.node.createdIndex });
    expect(second.clusterId).toMatch(/^[0-9a-f]{1,16}$/);
  });

  it('leaves the nodes out with noValueOnSuccess', async () => {
    const answer = await server.client.keys.set('/set/quiet', 'x', { noValueOnSuccess: true });
    expect(Object.keys(answer).sort()).toEqual(['action', 'clusterId', 'index']);
  });

  it('compares and swaps by value', async () => {
    await server.client.keys.set('/set/cas', 'one');
    const swapped = await server.client.keys.set('/set/cas', 'two', { prevValue: 'one' });
    expect(swapped).toMatchObject({ action: 'compareAndSwap', prevNode: { value: 'one' } });
    await expect(server.client.keys.set('/set/cas', 'three', { prevValue: 'one' })).rejects.toMatchObject({
      code: 101,
      message: expect.stringContaining('[one != two]') as string,
    });
  });

  it('compares and swaps by index', async () => {
    const { index } = await server.client.keys.set('/set/index', 'one');
    expect((await server.client.keys.set('/set/index', 'two', { prevIndex: index })).action).toBe(
      'compareAndSwap',
    );
    await expect(server.client.keys.set('/set/index', 'three', { prevIndex: index })).rejects.toMatchObject({
      code: 101,
      message: expect.stringContaining(`[${index} != ${index + 1}]`) as string,
    });
    expect(await codeOf(server.client.keys.set('/set/none', 'x', { prevIndex: 1 }))).toBe(100);
  });

  it('can compare with the empty value, which the v2 client could not', async () => {
    await server.client.keys.set('/set/empty', '');
    expect(await codeOf(server.client.keys.set('/set/empty', 'x', { prevValue: 'y' }))).toBe(101);
    expect((await server.client.keys.set('/set/empty', 'x', { prevValue: '' })).node.value).toBe('x');
  });
});

describe('TestHTTPKeysAPICreateAction', () => {
  it('creates what is not there', async () => {
    const created = await server.client.keys.create('/create/a', '1');
    expect(created).toMatchObject({ action: 'create', node: { value: '1' } });
    await expect(server.client.keys.create('/create/a', '2')).rejects.toMatchObject({
      code: 105,
      message: expect.stringMatching(/^105: Key already exists \(\/create\/a\) \[\d+\]$/) as string,
    });
  });
});

describe('TestHTTPKeysAPIUpdateAction', () => {
  it('updates what is there', async () => {
    expect(await codeOf(server.client.keys.update('/update/a', '1'))).toBe(100);
    await server.client.keys.set('/update/a', '1');
    const updated = await server.client.keys.update('/update/a', '2');
    expect(updated).toMatchObject({ action: 'update', node: { value: '2' }, prevNode: { value: '1' } });
  });
});

describe('TestHTTPKeysAPICreateInOrderAction', () => {
  it('names keys in the order they were created in', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => server.client.keys.createInOrder('/queue', String(i))),
    );
    const keys = answers.map(({ node }) => node.key);
    expect(new Set(keys).size).toBe(20);
    expect(keys.every((key) => /^\/queue\/\d{20}$/.test(key))).toBe(true);
    const listed = (await server.client.keys.get('/queue', { sort: true })).node.nodes ?? [];
    expect(listed.map(({ key }) => key)).toEqual(keys);
    const created = listed.map(({ createdIndex }) => createdIndex);
    expect(created).toEqual(created.toSorted((a, b) => a - b));
  });

  it('keeps the order among clients', async () => {
    const clients = await Promise.all(
      [1, 2, 3].map(async () =>
        EtcdClient.create({ endpoints: server.etcd.urls, headerTimeoutPerRequest: 20 }),
      ),
    );
    await Promise.all(
      clients.flatMap((one) =>
        Array.from({ length: 10 }, async () => one.keys.createInOrder('/shared', 'x')),
      ),
    );
    const listed = (await server.client.keys.get('/shared', { sort: true })).node.nodes ?? [];
    expect(listed).toHaveLength(30);
    const created = listed.map(({ createdIndex }) => createdIndex);
    expect(created).toEqual(created.toSorted((a, b) => a - b));
    await Promise.all(clients.map(async (one) => one.close()));
  });

  it('takes a TTL, and refuses a file as its directory', async () => {
    const { node } = await server.client.keys.createInOrder('/queue-ttl', 'x', { ttl: 60 });
    expect(node.ttl).toBe(60);
    await server.client.keys.set('/queue-file', 'x');
    expect(await codeOf(server.client.keys.createInOrder('/queue-file', 'x'))).toBe(104);
  });
});

describe('TestHTTPKeysAPIDeleteAction', () => {
  it('deletes a file', async () => {
    const { node } = await server.client.keys.set('/delete/a', '1');
    const deleted = await server.client.keys.delete('/delete/a');
    expect(deleted).toMatchObject({
      action: 'delete',
      node: { key: '/delete/a', createdIndex: node.createdIndex, modifiedIndex: deleted.index },
      prevNode: node,
    });
    expect(deleted.node.value).toBeUndefined();
    expect(await codeOf(server.client.keys.delete('/delete/a'))).toBe(100);
  });

  it('compares and deletes', async () => {
    const { index } = await server.client.keys.set('/delete/b', '1');
    expect(await codeOf(server.client.keys.delete('/delete/b', { prevValue: '2' }))).toBe(101);
    expect(await codeOf(server.client.keys.delete('/delete/b', { prevIndex: index + 1 }))).toBe(101);
    const deleted = await server.client.keys.delete('/delete/b', { prevValue: '1', prevIndex: index });
    expect(deleted.action).toBe('compareAndDelete');
  });

  it('distinguishes files and directories', async () => {
    await server.client.keys.set('/delete/dir/x', '1');
    expect(await codeOf(server.client.keys.delete('/delete/dir'))).toBe(102);
    expect(await codeOf(server.client.keys.delete('/delete/dir', { dir: true }))).toBe(108);
    expect(await codeOf(server.client.keys.delete('/delete/nothing', { dir: true }))).toBe(100);
    expect(await codeOf(server.client.keys.delete('/delete/nothing', { recursive: true }))).toBe(100);
    const deleted = await server.client.keys.delete('/delete/dir', { recursive: true });
    expect(deleted).toMatchObject({ action: 'delete', node: { key: '/delete/dir', dir: true } });
    expect(await server.etcd.keys('/delete/dir')).toEqual([]);
  });

  it('leaves a directory of a longer name alone', async () => {
    await server.client.keys.set('/delete/tree/x', '1');
    await server.client.keys.set('/delete/tree-2/x', '1');
    await server.client.keys.delete('/delete/tree', { recursive: true });
    expect((await server.client.keys.get('/delete/tree-2/x')).node.value).toBe('1');
  });
});

describe('directories', () => {
  it('are there as long as something is in them', async () => {
    await server.client.keys.set('/dirs/implicit/x', '1');
    expect((await server.client.keys.get('/dirs/implicit')).node.dir).toBe(true);
    await server.client.keys.delete('/dirs/implicit/x');
    expect(await codeOf(server.client.keys.get('/dirs/implicit'))).toBe(100);
  });

  it('stay when they were made on purpose', async () => {
    const made = await server.client.keys.set('/dirs/made', 'ignored', { dir: true });
    expect(made).toMatchObject({ action: 'set', node: { key: '/dirs/made', dir: true } });
    expect(made.node.value).toBeUndefined();
    expect((await server.client.keys.get('/dirs/made')).node).toMatchObject({ dir: true, nodes: [] });
    expect(await codeOf(server.client.keys.set('/dirs/made', '', { dir: true }))).toBe(102);
    expect(await codeOf(server.client.keys.create('/dirs/made', '', { dir: true }))).toBe(105);
    expect(await codeOf(server.client.keys.create('/dirs/made', 'x'))).toBe(105);
    expect(await codeOf(server.client.keys.set('/dirs/made', 'x'))).toBe(102);
    expect(await codeOf(server.client.keys.update('/dirs/made', 'x'))).toBe(102);
    expect((await server.client.keys.update('/dirs/made', '', { dir: true })).action).toBe('update');
    expect((await server.client.keys.delete('/dirs/made', { dir: true })).node.dir).toBe(true);
    expect(await server.etcd.keys('/dirs/made')).toEqual([]);
  });

  it('replace a file when set, as in v2', async () => {
    await server.client.keys.set('/dirs/file', 'x');
    const answer = await server.client.keys.set('/dirs/file', '', { dir: true });
    expect(answer).toMatchObject({ node: { dir: true }, prevNode: { value: 'x', dir: false } });
    expect((await server.client.keys.get('/dirs/file')).node.dir).toBe(true);
  });

  it('never lie below a file', async () => {
    await server.client.keys.set('/dirs/leaf', 'x');
    await expect(server.client.keys.set('/dirs/leaf/below/more', 'x')).rejects.toMatchObject({
      code: 104,
      message: expect.stringContaining('(/dirs/leaf)') as string,
    });
    expect(await codeOf(server.client.keys.set('/dirs', 'x'))).toBe(102);
  });

  it('take what is in them along when their TTL ends', async () => {
    await server.client.keys.set('/dirs/ttl', '', { dir: true, ttl: 10 });
    const { node } = await server.client.keys.set('/dirs/ttl/child', 'x');
    expect(node.ttl).toBeUndefined();
    await server.client.keys.set('/dirs/ttl/deep/child', 'x');
    expect((await server.client.keys.get('/dirs/ttl')).node.ttl).toBeGreaterThan(0);
    expect((await server.client.keys.get('/dirs/ttl/child')).node.ttl).toBeUndefined();
    expect(await codeOf(server.client.keys.update('/dirs/ttl', '', { dir: true, ttl: 60 }))).toBe(209);
    expect((await server.client.keys.update('/dirs/ttl', '', { dir: true, ttl: 10 })).node.ttl).toBe(10);
    await until('the directory to expire', async () => (await server.etcd.keys('/dirs/ttl')).length === 0);
    expect(await codeOf(server.client.keys.get('/dirs/ttl'))).toBe(100);
  });

  it('change their TTL while they are empty', async () => {
    await server.client.keys.set('/dirs/change', '', { dir: true, ttl: 60 });
    const changed = await server.client.keys.update('/dirs/change', '', { dir: true, ttl: 30 });
    expect(changed.node.ttl).toBe(30);
    await server.client.keys.update('/dirs/change', '', { dir: true });
    expect((await server.client.keys.get('/dirs/change')).node.ttl).toBeUndefined();
  });
});

describe('TestHTTPKeysAPIGetAction', () => {
  beforeAll(async () => {
    for (const key of ['b/2', 'b/1', 'b-x', 'c', '_hidden', 'd/_secret/x', 'd/y']) {
      await server.client.keys.set(`/tree/${key}`, key);
    }
  });

  it('lists a directory', async () => {
    const { node } = await server.client.keys.get('/tree', { sort: true });
    expect(node.nodes?.map(({ key, dir, value }) => [key, dir, value])).toEqual([
      ['/tree/b', true, undefined],
      ['/tree/b-x', false, 'b-x'],
      ['/tree/c', false, 'c'],
      ['/tree/d', true, undefined],
    ]);
    expect(node.nodes?.[0]?.nodes).toBeUndefined();
  });

  it('lists a tree', async () => {
    const { node } = await server.client.keys.get('/tree/', { recursive: true, sort: true });
    expect(node.key).toBe('/tree');
    expect(node.nodes?.[0]?.nodes?.map(({ key }) => key)).toEqual(['/tree/b/1', '/tree/b/2']);
    expect(node.nodes?.[3]?.nodes?.map(({ key }) => key)).toEqual(['/tree/d/y']);
  });

  it('returns a hidden key that is read by its name', async () => {
    expect((await server.client.keys.get('/tree/_hidden')).node.value).toBe('_hidden');
    expect((await server.client.keys.get('/tree/d/_secret')).node.nodes).toHaveLength(1);
  });

  it('lists the root', async () => {
    const { node } = await server.client.keys.get('/');
    expect(node).toMatchObject({ key: '/', dir: true });
    expect(node.nodes?.some(({ key }) => key === '/tree')).toBe(true);
  });

  it('reads without quorum', async () => {
    expect((await server.client.keys.get('/tree/c', { quorum: false })).node.value).toBe('c');
    expect((await server.client.keys.get('/tree', { quorum: false })).node.nodes).toHaveLength(4);
  });

  it('sees directories that other tools made', async () => {
    await server.etcd.put('/raw/a/b', 'x');
    expect(
      (await server.client.keys.get('/raw', { recursive: true })).node.nodes?.[0]?.nodes?.[0]?.value,
    ).toBe('x');
  });
});

describe('TestHTTPKeysAPIGetError', () => {
  it('says what is not there', async () => {
    const error: unknown = await server.client.keys.get('/not/there').catch((caught: unknown) => caught);
    expect(KeysError.isKeyNotFound(error)).toBe(true);
    expect(error).toMatchObject({ message: expect.stringContaining('Key not found (/not/there)') as string });
  });
});

describe('the root', () => {
  it('is read only', async () => {
    expect(await codeOf(server.client.keys.set('/', 'x'))).toBe(107);
    expect(await codeOf(server.client.keys.set('', '', { dir: true }))).toBe(107);
    expect(await codeOf(server.client.keys.delete('/', { recursive: true }))).toBe(107);
  });
});

describe('keys', () => {
  it.each(['n__proto__', 'constructor', 'ünïcödé/☃', 'a b', '%2e%2e/x', 'quo\'te"d', 'a\nb'])(
    'round-trip: %s',
    async (name) => {
      await server.client.keys.set(`/odd/${name}`, name);
      expect((await server.client.keys.get(`/odd/${name}`)).node).toMatchObject({
        key: `/odd/${name}`,
        value: name,
      });
      const { node } = await server.client.keys.get('/odd', { recursive: true, sort: true });
      expect(JSON.stringify(node)).toContain(JSON.stringify(`/odd/${name}`));
      expect({}).not.toHaveProperty('key');
    },
  );

  it('may be called __proto__, which is hidden like every name with an underscore in front', async () => {
    await server.client.keys.set('/odd/__proto__', 'x');
    expect((await server.client.keys.get('/odd/__proto__')).node.value).toBe('x');
    const { node } = await server.client.keys.get('/odd', { recursive: true });
    expect(node.nodes?.some(({ key }) => key === '/odd/__proto__')).toBe(false);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('have their slashes joined', async () => {
    await server.client.keys.set('//slashes///a/', '1');
    expect((await server.client.keys.get('slashes/a')).node.key).toBe('/slashes/a');
  });
});
