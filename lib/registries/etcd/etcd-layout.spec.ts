import { fromCursor, toCursor } from './cursor.js';
import { EtcdLayout } from './etcd-layout.js';

describe('EtcdLayout', () => {
  const layout = new EtcdLayout('/p');

  it('stores a plain key under its own name', () => {
    expect(layout.keyOf({ kind: 'key', key: '/servers/web/host1' })).toBe('/servers/web/host1');
  });

  it.each(['web', 'a/b', '.', '..', '.sessions', '__proto__', '%2e', 'ü 🚀'])(
    'round-trips the service and id %j',
    (name) => {
      const entryKey = { kind: 'instance', service: name, id: name } as const;
      const key = layout.keyOf(entryKey);
      const scope = { kind: 'service', service: name } as const;
      expect(layout.entryKeyOf(scope, Buffer.from(key))).toEqual(entryKey);
      expect(key.split('/')).toHaveLength(4);
      expect(key).not.toContain('/.');
      const { key: start, rangeEnd } = layout.rangeOf(scope);
      expect(Buffer.from(key).compare(start)).toBe(1);
      expect(Buffer.from(key).compare(rangeEnd!)).toBe(-1);
    },
  );

  it('keeps the ranges of two services apart', () => {
    const { key, rangeEnd } = layout.rangeOf({ kind: 'service', service: 'web' });
    const other = Buffer.from(layout.keyOf({ kind: 'instance', service: 'web2', id: 'a' }));
    expect(other.compare(key) >= 0 && other.compare(rangeEnd!) < 0).toBe(false);
  });

  it('reads an unencoded id unchanged', () => {
    expect(layout.entryKeyOf({ kind: 'service', service: 'web' }, Buffer.from('/p/web/10.0.0.1:80'))).toEqual(
      {
        kind: 'instance',
        service: 'web',
        id: '10.0.0.1:80',
      },
    );
  });

  const scope = { kind: 'service', service: 'web' } as const;

  it.each([
    [Buffer.from('/p/web/10.0.0.9:80'), Buffer.from('/p/web/10.0.0.9%3A80')],
    [Buffer.from('/p/web/a/b'), Buffer.from('/p/web/a%2Fb')],
    [Buffer.from('/p/web/%2'), Buffer.from('/p/web/%252')],
    [Buffer.from([...Buffer.from('/p/web/'), 0xff, 0x41]), Buffer.from('/p/web/0xff41')],
  ])('finds each of the two keys of one id from the other: %s and %s', (foreign, encoded) => {
    expect(layout.entryKeyOf(scope, foreign)).toEqual(layout.entryKeyOf(scope, encoded));
    expect(layout.siblingOf(scope, foreign)).toEqual({ key: encoded, encoded: true });
    expect(layout.siblingOf(scope, encoded)).toEqual({ key: foreign, encoded: false });
  });

  it.each(['/p/web/one', '/p/web/0x41', '/p/web/0xf', '/p/web/%253A'])(
    'has no other key for the id of %s',
    (key) => {
      expect(layout.siblingOf(scope, Buffer.from(key))).toBeUndefined();
      expect(layout.siblingOf({ kind: 'key', key }, Buffer.from(key))).toBeUndefined();
    },
  );

  it.each([
    ['', 'web/a', '.sessions/7'],
    ['/', '/web/a', '/.sessions/7'],
    ['a', 'a/web/a', 'a/.sessions/7'],
    ['/a/b/', '/a/b/web/a', '/a/b/.sessions/7'],
  ])('stores instances below the prefix %j', (prefix, key, record) => {
    const other = new EtcdLayout(prefix);
    expect(other.keyOf({ kind: 'instance', service: 'web', id: 'a' })).toBe(key);
    expect(other.entryKeyOf(scope, Buffer.from(key))).toEqual({ kind: 'instance', service: 'web', id: 'a' });
    expect(other.sessionKeyOf('7')).toBe(record);
    expect(() => other.keyOf({ kind: 'key', key })).toThrow(/where instances are stored/);
    expect(() => other.keyOf({ kind: 'key', key: record })).toThrow(/where instances are stored/);
  });

  it('allows plain keys with a leading slash where the prefix is empty', () => {
    expect(new EtcdLayout('').keyOf({ kind: 'key', key: '/servers/web' })).toBe('/servers/web');
  });

  it('distinguishes ids that are not UTF-8', () => {
    const ids = [[0xff], [0xfe], [0xef, 0xbf, 0xbd]].map((bytes) => {
      const key = Buffer.concat([Buffer.from('/p/web/'), Buffer.from(bytes)]);
      return layout.entryKeyOf({ kind: 'service', service: 'web' }, key);
    });
    expect(new Set(ids.map((entryKey) => entryKey.kind === 'instance' && entryKey.id)).size).toBe(3);
  });

  it.each(['/p/web/a', '/p/.sessions/1', '/p//'])('refuses the key %j, where instances are stored', (key) => {
    expect(() => layout.keyOf({ kind: 'key', key })).toThrow(
      /^Expected `key` to be outside \/p\/<service>\//,
    );
  });

  it.each(['/p', '/p/web', '/pp/web/a', '/q/p/web/a'])(
    'allows the key %j, which no instance can have',
    (key) => {
      expect(layout.keyOf({ kind: 'key', key })).toBe(key);
    },
  );

  it.each(['', 'a\0b', 'x'.repeat(1_025)])('refuses the name %j', (name) => {
    expect(() => layout.keyOf({ kind: 'key', key: name })).toThrow(/`key`/);
    expect(() => layout.keyOf({ kind: 'instance', service: name, id: 'a' })).toThrow(/`service`/);
    expect(() => layout.keyOf({ kind: 'instance', service: 'a', id: name })).toThrow(/`id`/);
  });
});

describe('toCursor and fromCursor', () => {
  it('round-trip a position', () => {
    const position = { clusterId: '17237436991929493444', revision: 9_007_199_254_740_993n };
    expect(fromCursor(toCursor(position))).toEqual(position);
  });

  it.each(['', '1', '1:', ':1', 'a:b', '1:-1', '1:2:3'])('refuse %j', (cursor) => {
    expect(fromCursor(cursor)).toBeUndefined();
  });
});
