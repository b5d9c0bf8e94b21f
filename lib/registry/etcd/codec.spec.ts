import fc from 'fast-check';
import { completeInstance } from '../instance.js';
import { type Item } from '../item.js';
import { decodeItem, encodeItem, MAX_VALUE_BYTES } from './codec.js';

const SLOT = { kind: 'instance', service: 'web', id: 'one' } as const;

function decode(value: string | Buffer): ReturnType<typeof decodeItem> {
  return decodeItem(SLOT, Buffer.from(value));
}

describe('the codec of the etcd registry', () => {
  it('brings an instance back as it was', () => {
    const item: Item = {
      kind: 'instance',
      instance: completeInstance({
        service: 'web',
        id: 'one',
        address: '2001:db8::1',
        port: 443,
        ports: { grpc: 1 },
        tags: ['a'],
        meta: { b: 'c' },
        weight: 0,
        zone: 'z',
      }),
    };
    expect(JSON.parse(encodeItem(item).toString())).toMatchObject({ Op: 0, Addr: '[2001:db8::1]:443' });
    expect(decode(encodeItem(item))).toEqual({ item });
  });

  it('keeps the text of a plain key', () => {
    const item: Item = { kind: 'key', key: '/k', value: '{"not":"looked at"}' };
    expect(decodeItem(item, encodeItem(item))).toEqual({ item });
  });

  it.each([
    ['rubbish', /^Expected JSON/],
    ['', /^Expected JSON/],
    ['null', /`Addr` to be host:port, got undefined/],
    ['[]', /`Addr`/],
    ['{"Op":1,"Addr":"a:1"}', /`Op` to be 0, got 1/],
    ['{"Op":0,"Addr":"a"}', /`Addr` to be host:port, got "a"/],
    ['{"Op":0,"Addr":7}', /`Addr`/],
    ['{"Op":0,"Addr":"a:0"}', /`Addr`/],
    ['x'.repeat(MAX_VALUE_BYTES + 1), /at most 65536 bytes/],
  ])('says what is wrong with %j', (value, reason) => {
    expect(decode(value)).toEqual({ reason: expect.stringMatching(reason) as unknown });
  });

  it('refuses to write what it would not read', () => {
    const item: Item = { kind: 'key', key: 'k', value: 'x'.repeat(MAX_VALUE_BYTES + 1) };
    expect(() => encodeItem(item)).toThrow(/`value` to be at most 65536 bytes/);
  });

  it('throws for nothing that others may have written', () => {
    const read = (value: string): void => {
      const decoded = decode(value);
      if ('item' in decoded) expect(decoded.item).toMatchObject({ instance: { service: 'web', id: 'one' } });
      else expect(decoded.reason).toMatch(/^Expected /);
    };
    fc.assert(fc.property(fc.string(), read), { numRuns: 2_000 });
    fc.assert(
      fc.property(fc.json(), (metadata) => {
        read(`{"Op":0,"Addr":"10.0.0.1:80","Metadata":${metadata}}`);
      }),
      { numRuns: 2_000 },
    );
    expect(Object.getOwnPropertyNames({})).toEqual([]);
  });
});
