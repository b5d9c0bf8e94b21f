import { completeInstance, type PartialInstance } from './instance.js';
import { type EntryRecord } from './entry-record.js';
import { sameRecord } from './same-record.js';

const web = (more: Partial<PartialInstance> = {}): EntryRecord => ({
  kind: 'instance',
  instance: completeInstance({
    service: 'web',
    id: 'a',
    address: '10.0.0.1',
    port: 80,
    ports: { grpc: 81 },
    tags: ['x', 'y'],
    meta: { a: '1', b: '2' },
    ...more,
  }),
});
const key = (name: string, value: string): EntryRecord => ({ kind: 'key', key: name, value });

describe('sameRecord', () => {
  it('is true for equal records', () => {
    expect(sameRecord(web(), web())).toBe(true);
    expect(sameRecord(web(), web({ meta: { b: '2', a: '1' } }))).toBe(true);
    expect(sameRecord(key('k', 'v'), key('k', 'v'))).toBe(true);
  });

  it.each<[string, EntryRecord, EntryRecord]>([
    ['the service', web(), web({ service: 'api' })],
    ['the id', web(), web({ id: 'b' })],
    ['the address', web(), web({ address: '10.0.0.2' })],
    ['the port', web(), web({ port: 81 })],
    ['the weight', web(), web({ weight: 2 })],
    ['the zone', web(), web({ zone: 'north' })],
    ['a tag', web(), web({ tags: ['x', 'z'] })],
    ['the order of tags', web(), web({ tags: ['y', 'x'] })],
    ['the number of tags', web(), web({ tags: ['x', 'y', 'z'] })],
    ['a named port', web(), web({ ports: { grpc: 82 } })],
    ['the name of a port', web(), web({ ports: { http: 81 } })],
    ['the number of metadata', web(), web({ meta: {} })],
    [
      'metadata with the name of an inherited property',
      web({ meta: {} }),
      web({ meta: { constructor: 'x' } }),
    ],
    ['the name of metadata', web({ meta: { toString: 'x' } }), web({ meta: { constructor: 'x' } })],
    ['the key', key('k', 'v'), key('l', 'v')],
    ['the value', key('k', 'v'), key('k', 'w')],
    ['the kind', key('a', ''), web()],
  ])('is false for records that differ in %s', (_, one, other) => {
    expect(sameRecord(one, other)).toBe(false);
    expect(sameRecord(other, one)).toBe(false);
  });
});
