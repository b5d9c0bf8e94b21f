import { fromCursor, toCursor } from './cursor.js';
import { EtcdLayout } from './layout.js';

describe('EtcdLayout', () => {
  const layout = new EtcdLayout('/p');

  it('keeps a plain key as it is named', () => {
    expect(layout.keyOf({ kind: 'key', key: '/servers/web/host1' })).toBe('/servers/web/host1');
  });

  it.each(['web', 'a/b', '.', '..', '.sessions', '__proto__', '%2e', 'ü 🚀'])(
    'brings service and id %j back',
    (name) => {
      const slot = { kind: 'instance', service: name, id: name } as const;
      const key = layout.keyOf(slot);
      const scope = { kind: 'service', service: name } as const;
      expect(layout.slotOf(scope, Buffer.from(key))).toEqual(slot);
      expect(key.split('/')).toHaveLength(4);
      expect(key).not.toContain('/.');
      const { key: start, rangeEnd } = layout.rangeOf(scope);
      expect(Buffer.from(key).compare(start)).toBe(1);
      expect(Buffer.from(key).compare(rangeEnd!)).toBe(-1);
    },
  );

  it('does not take one service’s instances for another’s', () => {
    const { key, rangeEnd } = layout.rangeOf({ kind: 'service', service: 'web' });
    const other = Buffer.from(layout.keyOf({ kind: 'instance', service: 'web2', id: 'a' }));
    expect(other.compare(key) >= 0 && other.compare(rangeEnd!) < 0).toBe(false);
  });

  it('takes an id that others wrote unencoded as it is', () => {
    expect(layout.slotOf({ kind: 'service', service: 'web' }, Buffer.from('/p/web/10.0.0.1:80'))).toEqual({
      kind: 'instance',
      service: 'web',
      id: '10.0.0.1:80',
    });
  });

  it('keeps ids apart that are no text', () => {
    const ids = [[0xff], [0xfe], [0xef, 0xbf, 0xbd]].map((bytes) => {
      const key = Buffer.concat([Buffer.from('/p/web/'), Buffer.from(bytes)]);
      return layout.slotOf({ kind: 'service', service: 'web' }, key);
    });
    expect(new Set(ids.map((slot) => slot.kind === 'instance' && slot.id)).size).toBe(3);
  });

  it.each(['/p/web/a', '/p/.sessions/1', '/p//'])('refuses the key %j, where instances are', (key) => {
    expect(() => layout.keyOf({ kind: 'key', key })).toThrow(
      /^Expected `key` to be outside of \/p\/<service>\//,
    );
  });

  it.each(['/p', '/p/web', '/pp/web/a', '/q/p/web/a'])(
    'takes the key %j, which no instance can have',
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

describe('the cursor of the etcd registry', () => {
  it('comes back as it was', () => {
    const position = { clusterId: '17237436991929493444', revision: 9_007_199_254_740_993n };
    expect(fromCursor(toCursor(position))).toEqual(position);
  });

  it.each(['', '1', '1:', ':1', 'a:b', '1:-1', '1:2:3'])('does not know %j', (cursor) => {
    expect(fromCursor(cursor)).toBeUndefined();
  });
});
