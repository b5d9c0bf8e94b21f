import { completeInstance } from '../../registry/instance.js';
import { type EntryRecord } from '../../registry/entry-record.js';
import { checkRecord, MAX_VALUE_BYTES } from '../../registry/check-record.js';
import { decodeRecord, encodeRecord } from './codec.js';

const BARE = { service: 'w', id: 'i', address: '::1', port: 65_535 } as const;
const ENTRY_KEY = { kind: 'instance', service: 'web', id: 'one' } as const;

function decode(value: string | Buffer): ReturnType<typeof decodeRecord> {
  return decodeRecord(ENTRY_KEY, Buffer.from(value));
}

describe('encodeRecord and decodeRecord', () => {
  it('round-trip an instance', () => {
    const record: EntryRecord = {
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
    expect(JSON.parse(encodeRecord(record).toString())).toMatchObject({ Op: 0, Addr: '[2001:db8::1]:443' });
    expect(decode(encodeRecord(record))).toEqual({ record });
  });

  it('round-trip the value of a plain key', () => {
    const record: EntryRecord = { kind: 'key', key: '/k', value: '{"not":"looked at"}' };
    expect(decodeRecord(record, encodeRecord(record))).toEqual({ record });
  });

  it.each([
    ['rubbish', /^Expected JSON/],
    ['', /^Expected JSON/],
    ['null', /`Addr` to be host:port, got undefined/],
    ['[]', /`Addr`/],
    ['{"Op":2,"Addr":"a:1"}', /`Op` to be 0 or 1, got 2/],
    ['{"Op":0,"Addr":"a"}', /`Addr` to be host:port, got "a"/],
    ['{"Op":0,"Addr":7}', /`Addr`/],
    ['{"Op":0,"Addr":"a:0"}', /`Addr`/],
    ['x'.repeat(MAX_VALUE_BYTES + 1), /at most 65536 bytes/],
  ])('give the reason why %j is malformed', (value, reason) => {
    expect(decode(value)).toEqual({ reason: expect.stringMatching(reason) as unknown });
  });

  it.each(['{"Op":1,"Addr":"a:1"}', '{"Op":1}'])('decode %j as deleted', (value) => {
    expect(decode(value)).toEqual({ deleted: true });
  });

  it.each([
    [{ version: '1.4', region: 'eu', build: 7 }, { meta: { version: '1.4', region: 'eu' } }],
    [
      { zone: 'a', weight: '10', tags: ['x'] },
      { zone: 'a', weight: 1, tags: ['x'], meta: {} },
    ],
    [{ version: '1', meta: { version: '2', a: 'b' } }, { meta: { version: '2', a: 'b' } }],
    [{ version: '1', meta: 'canary' }, { meta: { version: '1' } }],
    [
      { id: 'two', a: 'b' },
      { id: 'one', meta: { id: 'two', a: 'b' } },
    ],
    ['a string', { meta: {} }],
    [['a'], { meta: {} }],
  ])('take the strings of the foreign metadata %j as meta', (metadata, instance) => {
    expect(decode(JSON.stringify({ Op: 0, Addr: 'a:1', Metadata: metadata }))).toMatchObject({
      record: { instance: { address: 'a', port: 1, ...instance } },
    });
  });

  it('ignore malformed strings of foreign metadata, and never set a prototype', () => {
    const value = '{"Addr":"a:1","Metadata":{"__proto__":"x","b":"\\ud800","c":"d"}}';
    const decoded = decode(value);
    const meta =
      'record' in decoded && decoded.record.kind === 'instance' ? decoded.record.instance.meta : {};
    expect(Object.entries(meta)).toEqual([
      ['__proto__', 'x'],
      ['c', 'd'],
    ]);
    expect(Object.getPrototypeOf(meta)).toBe(Object.prototype);
  });

  it('ignore unknown strings of an own entry, which a later version may have written', () => {
    const metadata = { id: 'one', tags: [], meta: { a: 'b' }, weight: 1, ports: {}, later: 'x' };
    expect(decode(JSON.stringify({ Op: 0, Addr: 'a:1', Metadata: metadata }))).toMatchObject({
      record: { instance: { meta: { a: 'b' } } },
    });
  });

  it('use the valid fields of an own entry with an invalid one', () => {
    const metadata = { id: 'one', tags: ['blue'], meta: { a: 'b' }, weight: -1, ports: {} };
    expect(decode(JSON.stringify({ Op: 0, Addr: 'a:1', Metadata: metadata }))).toMatchObject({
      record: { instance: { tags: ['blue'], meta: { a: 'b' }, weight: 1 } },
    });
  });

  it('write no value that is too long to read', () => {
    const room = MAX_VALUE_BYTES - JSON.stringify(completeInstance({ ...BARE, meta: { m: '' } })).length;
    for (const [length, fits] of [
      [room, true],
      [room + 1, false],
    ] as const) {
      const record: EntryRecord = {
        kind: 'instance',
        instance: completeInstance({ ...BARE, meta: { m: 'x'.repeat(length) } }),
      };
      if (fits) expect(() => checkRecord(record)).not.toThrow();
      else expect(() => checkRecord(record)).toThrow(/`instance` to be at most 65536 bytes/);
      expect(encodeRecord(record).length).toBeLessThanOrEqual(MAX_VALUE_BYTES);
    }
  });

  it.each(['\ufeffa', ''])('round-trip the value %j of a key', (value) => {
    const record: EntryRecord = { kind: 'key', key: 'k', value };
    expect(decodeRecord(record, encodeRecord(record))).toEqual({ record });
  });
});
