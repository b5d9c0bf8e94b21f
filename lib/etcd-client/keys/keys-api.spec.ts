import { KeysError } from '../errors/index.js';
import { txnInput } from './txn-command.js';
import { type KeysApi } from './keys-api.js';
import { leaseKind } from './lease-id.js';
import {
  header,
  kv,
  found,
  done,
  refused,
  api,
  inputLines,
} from '../../../test/harness/in-memory/recording-keys-port.js';

describe('TestGetAction', () => {
  it.each([
    [{}, false],
    [{ recursive: true }, false],
    [{ sort: true }, false],
    [{ quorum: true }, false],
    [{ quorum: false }, true],
  ])('%j', async (options, serializable) => {
    const { port, keys } = api(done(found(kv('/foo/bar', 'v', 10, 12))));
    await keys.get('/foo/bar', options);
    expect(port.requests).toHaveLength(1);
    expect(port.requests[0]?.success?.[0]?.request_range).toMatchObject({
      key: Buffer.from('/foo/bar'),
      serializable,
    });
    expect(port.options[0]?.oneShot).toBe(false);
  });
});

describe('TestWaitAction', () => {
  it.each([
    [{}, '/foo/bar', undefined, 16],
    [{ afterIndex: 11 }, '/foo/bar', undefined, 12],
    [{ afterIndex: 11, recursive: true }, '/foo/bar', '/foo/bar0', 12],
  ])('%j', async (options, key, rangeEnd, fromRevision) => {
    const { port, keys } = api(done(found()));
    await keys.watcher('/foo/bar', options).next();
    expect(port.watched).toEqual([{ key, rangeEnd, fromRevision, clusterId: '255' }]);
  });

  it('watches the range of a directory for a key with a trailing slash', async () => {
    const { port, keys } = api(done(found()));
    await keys.watcher('/foo/bar/', { recursive: true, afterIndex: 1 }).next();
    expect(port.watched[0]).toMatchObject({ key: '/foo/bar/', rangeEnd: '/foo/bar0' });
  });
});

describe('TestSetAction', () => {
  const written = done({ response_put: { prev_kv: null } });

  it.each<[string, Parameters<KeysApi['set']>[2], string, boolean]>([
    ['default', {}, 'version("/foo") != "0"', false],
    ['prevExist', { prevExist: true }, 'version("/foo") != "0"', true],
    ['no prevExist', { prevExist: false }, 'version("/foo") = "0"', true],
    ['prevValue', { prevValue: 'bar baz' }, 'value("/foo") = "bar baz"', true],
    ['prevIndex', { prevIndex: 12 }, 'mod("/foo") = "12"', true],
  ])('%s is one transaction', async (_, options, condition, oneShot) => {
    const { port, keys } = api(written);
    await keys.set('foo', 'baz', options);
    expect(port.requests).toHaveLength(1);
    expect(inputLines(port.requests[0])).toEqual(expect.arrayContaining([condition, 'put "/foo" "baz"']));
    expect(port.options[0]?.oneShot).toBe(oneShot);
  });

  it('binds a key with a TTL to its own lease', async () => {
    const { port, keys, clock } = api(written);
    const { node } = await keys.set('foo', 'baz', { ttl: 180 });
    expect(node).toMatchObject({ ttl: 180, expiration: new Date(clock.wall() + 180_000) });
    expect(leaseKind(port.leases[0]!)).toBe('key');
    expect(port.requests[0]?.success?.[0]?.request_put?.lease).toBe(port.leases[0]);
  });

  it('creates a directory by its marker, ignoring value and prevValue', async () => {
    const { port, keys } = api(written);
    await keys.set('foo', 'bar', { dir: true, prevValue: 'bar' });
    expect(inputLines(port.requests[0])).toEqual(expect.arrayContaining(['put "/foo/" ""', 'del "/foo"']));
    expect(txnInput(port.requests[0]!)).not.toContain('value(');
    // A retry after a lost response would find the directory of the first attempt, and fail.
    expect(port.options[0]?.oneShot).toBe(true);
  });

  it('sends no request with invalid options', async () => {
    const { port, keys } = api(written);
    for (const run of [
      keys.set('a\0b', 'x'),
      keys.set('x'.repeat(2_000_000), 'x'),
      keys.set('/a', 'x', { ttl: 0 }),
      keys.set('/a', 'x', { ttl: -5 }),
      keys.set('/a', 'x', { refresh: true, ttl: 5 }),
      keys.set('/a', '', { refresh: true }),
      keys.create('/a', 'x', { prevExist: true } as never),
      keys.update('/a', 'x', { prevExist: false } as never),
      keys.createInOrder('/a', 'x', { dir: true } as never),
      keys.get('/a/../b'),
      keys.delete('/a', { prevIndex: 0 }),
    ])
      await expect(run).rejects.toMatchObject({ code: 'SIDEKICK_INVALID_OPTION' });
    expect(() => keys.watcher('/a', { afterIndex: -1 })).toThrow('`afterIndex`');
    expect(port.requests).toEqual([]);
    expect(port.leases).toEqual([]);
  });
});

describe('TestCreateInOrderAction', () => {
  it('names the key after the index, and retries with the next if the name is taken', async () => {
    const later = { ...header, revision: '20' };
    const { port, keys } = api(
      done(found()),
      {
        ...refused(found(kv('/foo/00000000000000000018', '', 18, 18)), found(), found(), found()),
        header: later,
      },
      done({ response_put: { prev_kv: null } }),
    );
    const { node, action } = await keys.createInOrder('foo', 'baz');
    expect(action).toBe('create');
    expect(node.key).toBe('/foo/00000000000000000021');
    expect(inputLines(port.requests[1])).toContain('put "/foo/00000000000000000016" "baz"');
    expect(port.options.map(({ oneShot }) => oneShot)).toEqual([false, true, true]);
  });
});

describe('TestDeleteAction', () => {
  const deleted = done({ response_delete_range: { deleted: '1', prev_kvs: [kv('/foo', 'bar', 10, 12)] } });

  it.each([
    [{}, 'version("/foo") != "0"'],
    [{ prevValue: 'bar baz' }, 'value("/foo") = "bar baz"'],
    [{ prevIndex: 12 }, 'mod("/foo") = "12"'],
  ])('%j is one transaction, sent once', async (options, condition) => {
    const { port, keys } = api(deleted);
    await keys.delete('foo', options);
    expect(port.requests).toHaveLength(1);
    expect(inputLines(port.requests[0])).toEqual(expect.arrayContaining([condition, 'del "/foo"']));
    expect(port.options[0]?.oneShot).toBe(true);
  });

  it('deletes a tree with its file, its marker and all keys below', async () => {
    const { port, keys } = api(
      done(
        found(),
        { response_delete_range: { deleted: '0', prev_kvs: [] } },
        {
          response_delete_range: { deleted: '3', prev_kvs: [] },
        },
      ),
    );
    await keys.delete('/foo/', { recursive: true });
    expect(inputLines(port.requests[0])).toEqual(
      expect.arrayContaining(['del "/foo"', 'del "/foo/" "/foo0"']),
    );
  });
});

describe('TestUnmarshalSuccessfulResponse, and the Response tests of set, get and delete', () => {
  it('returns the node before and after the write', async () => {
    const { keys } = api(done({ response_put: { prev_kv: kv('/foo', 'baz', 10, 12) } }));
    expect(await keys.set('/foo', 'bar')).toEqual({
      action: 'set',
      index: 15,
      clusterId: 'ff',
      node: { key: '/foo', dir: false, value: 'bar', createdIndex: 10, modifiedIndex: 15 },
      prevNode: { key: '/foo', dir: false, value: 'baz', createdIndex: 10, modifiedIndex: 12 },
    });
  });

  it('returns a file with the remaining TTL of its lease', async () => {
    const { keys, clock } = api(done(found(kv('/foo', 'bar', 10, 12, '99'))));
    expect((await keys.get('/foo')).node).toEqual({
      key: '/foo',
      dir: false,
      value: 'bar',
      createdIndex: 10,
      modifiedIndex: 12,
      ttl: 7,
      expiration: new Date(clock.wall() + 7_000),
    });
  });

  it('returns the deleted node', async () => {
    const { keys } = api(
      done({ response_delete_range: { deleted: '1', prev_kvs: [kv('/foo', 'bar', 10, 12)] } }),
    );
    expect(await keys.delete('/foo')).toEqual({
      action: 'delete',
      index: 15,
      clusterId: 'ff',
      node: { key: '/foo', dir: false, createdIndex: 10, modifiedIndex: 15 },
      prevNode: { key: '/foo', dir: false, value: 'bar', createdIndex: 10, modifiedIndex: 12 },
    });
  });
});

describe('TestUnmarshalFailedKeysResponse', () => {
  it('is a KeysError with code, message, key and index', async () => {
    const { keys } = api(refused(found(kv('/foo', 'bar', 10, 12)), found()));
    const error: unknown = await keys.create('/foo', 'x').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(KeysError);
    expect(error).toMatchObject({ code: 105, about: '/foo', index: 15 });
    expect((error as Error).message).toBe('105: Key already exists (/foo) [15]');
  });
});

describe('TestHTTPKeysAPISetError, TestHTTPKeysAPIGetError, TestHTTPKeysAPIDeleteError', () => {
  it('reject with the error of the request', async () => {
    const failure = new Error('fixture');
    const { keys } = api(failure);
    await expect(keys.set('/foo', 'x')).rejects.toBe(failure);
    await expect(keys.get('/foo')).rejects.toBe(failure);
    await expect(keys.delete('/foo')).rejects.toBe(failure);
    await expect(keys.watcher('/foo').next()).rejects.toBe(failure);
  });

  it('leave the lease to expire if the outcome of the write is unknown', async () => {
    const { keys, port, clock } = api(new Error('lost'));
    await expect(keys.create('/foo', 'x', { ttl: 5 })).rejects.toThrow('lost');
    await clock.advance(60_000);
    expect(port.leases).toHaveLength(1);
  });

  it('revoke the lease if the write was refused', async () => {
    const { keys, port, clock } = api(refused(found(kv('/foo', 'bar', 10, 12)), found()));
    await expect(keys.create('/foo', 'x', { ttl: 5 })).rejects.toMatchObject({ code: 105 });
    await clock.advance(60_000);
    expect(port.leases).toEqual([port.leases[0], `-${port.leases[0]!}`]);
  });
});
