import { type ITxnResponse } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { type KeysApi } from './keys-api.js';
import { newLeaseId } from './lease-id.js';
import { MAX_ATTEMPTS } from './txn-attempts.js';
import {
  kv,
  found,
  done,
  refused,
  api,
  inputLines,
} from '../../../test/harness/in-memory/recording-keys-port.js';

describe('a value that is not UTF-8', () => {
  const odd = { ...kv('/foo', '', 10, 12), value: Buffer.from([0xff]) };
  const read = odd.value.toString();

  it.each<[string, (keys: KeysApi) => Promise<unknown>]>([
    ['set', async (keys) => await keys.set('/foo', 'x', { prevValue: read })],
    ['update', async (keys) => await keys.update('/foo', 'x', { prevValue: read })],
    ['refresh', async (keys) => await keys.update('/foo', '', { prevValue: read, refresh: true, ttl: 10 })],
    ['delete', async (keys) => await keys.delete('/foo', { prevValue: read })],
  ])('never equals the string that it decodes to: %s', async (_, call) => {
    const { keys, port } = api(refused(found(odd), found()));
    await expect(call(keys)).rejects.toMatchObject({
      code: 101,
      about: `[${read} != bytes ff, which are not UTF-8]`,
    });
    expect(port.requests).toHaveLength(1);
  });
});

describe('a key that other clients change all the time', () => {
  it('fails a call after a hundred attempts with a backoff', async () => {
    const { keys, port, clock } = api(refused(found(), found(), found(), found()));
    const call = keys.create('/a/b', 'x').catch((caught: unknown) => caught);
    await clock.advance(500);
    expect(port.requests.length).toBeLessThan(30);
    await clock.advance(60_000);
    expect(await call).toMatchObject({ code: 101 });
    expect(String(await call)).toContain('other clients changed /a/b or its directories');
    expect(port.requests).toHaveLength(MAX_ATTEMPTS);
    expect(clock.pending).toBe(0);
  });
});

describe('a refresh', () => {
  const lease = newLeaseId('key', () => 0.5);
  const now = (value: string, modified: number): ITxnResponse =>
    done(found(kv('/foo', value, 10, modified, lease)));

  it('is confirmed by a transaction after the renewal', async () => {
    const { keys, port } = api(now('a', 12), done(found()));
    const { node } = await keys.update('/foo', '', { prevValue: 'a', refresh: true, ttl: 10 });
    expect(node).toMatchObject({ value: 'a', modifiedIndex: 12, ttl: 10 });
    expect(inputLines(port.requests[1])[0]).toBe('mod("/foo") = "12"');
  });

  it('fails if another client writes between read and renewal', async () => {
    const { keys, port } = api(now('a', 12), refused(found()), now('b', 13));
    await expect(keys.update('/foo', '', { prevValue: 'a', refresh: true, ttl: 10 })).rejects.toMatchObject({
      code: 101,
      about: '[a != b]',
    });
    expect(port.requests).toHaveLength(3);
  });

  it('is retried without a condition, so that the new value gets the TTL', async () => {
    const { keys } = api(now('a', 12), refused(found()), now('b', 13), done(found()));
    const { node } = await keys.update('/foo', '', { refresh: true, ttl: 10 });
    expect(node).toMatchObject({ value: 'b', modifiedIndex: 13 });
  });

  it('of a directory is confirmed the same way', async () => {
    const dirLease = newLeaseId('dir', () => 0.5);
    const marker = done(found(), found(kv('/foo/', '', 10, 12, dirLease)));
    const { keys, port } = api(marker, refused(found()), done(found(), found()));
    await expect(keys.update('/foo', '', { dir: true, refresh: true, ttl: 10 })).rejects.toMatchObject({
      code: 100,
    });
    expect(inputLines(port.requests[1])[0]).toBe('mod("/foo/") = "12"');
  });
});

describe('a plain set', () => {
  it('makes two fenced attempts, and then one without a fence', async () => {
    const changed = refused(found(kv('/foo', 'x', 1, 14)), found());
    const { keys, port } = api(changed, changed, done({ response_put: { prev_kv: null } }));
    await keys.set('/foo', 'y');
    expect(port.requests.map((request) => inputLines(request).slice(0, 2))).toEqual([
      ['version("/foo") != "0"', 'mod("/foo") < "1"'],
      ['version("/foo") != "0"', 'mod("/foo") < "16"'],
      ['', 'put "/foo" "y"'],
    ]);
    expect(port.options.map(({ oneShot }) => oneShot)).toEqual([false, false, true]);
  });

  it('creates a key by a request that is sent once, since a delayed copy would undo a delete', async () => {
    const { keys, port } = api(refused(found(), found()), done({ response_put: { prev_kv: null } }));
    await keys.set('/foo', 'y');
    expect(port.requests.map((request) => inputLines(request)[0])).toEqual(['version("/foo") != "0"', '']);
    expect(port.options.map(({ oneShot }) => oneShot)).toEqual([false, true]);
  });

  it('writes only the key itself without permission to read its directories', async () => {
    const denied = new KeysError(KeysErrorCode.Unauthorized, 'Insufficient credentials');
    const { keys, port } = api(denied, done({ response_put: { prev_kv: null } }));
    await keys.set('/a/b', 'y');
    expect(port.requests).toHaveLength(2);
    expect(port.requests[1]?.compare?.map(({ key }) => String(key))).toEqual(['/a/b', '/a/b']);
    const refusing = api(denied);
    await expect(refusing.keys.set('/a/b', 'y')).rejects.toBe(denied);
    expect(refusing.port.requests).toHaveLength(2);
  });

  it('binds the key to the lease of its directory, if that has not changed', async () => {
    const marker = kv('/a/', '', 1, 1, '77');
    const { keys, port } = api(
      refused(found(), found(), found(), found(marker)),
      done({ response_put: { prev_kv: null } }),
    );
    await keys.set('/a/b', 'y');
    expect(inputLines(port.requests[1])).toEqual(
      expect.arrayContaining(['lease("/a/") = "4d"', 'put --lease=4d "/a/b" "y"']),
    );
  });
});
