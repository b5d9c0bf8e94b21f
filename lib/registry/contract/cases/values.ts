import assert from 'node:assert/strict';
import { InvalidOptionError } from '../../../common/errors/index.js';
import { MAX_VALUE_BYTES } from '../../check-record.js';
import { entryKeyId, entryKeyOf } from '../../entry-record.js';
import { instance, unique } from '../world.js';
import { type Case } from './case.js';

/** Cases about values: every driver returns them unchanged. */
export const values: readonly Case[] = [
  {
    name: 'stores an instance with all fields',
    check: async (world) => {
      const session = await world.session();
      const record = instance({
        service: unique('service'),
        id: 'one',
        address: '2001:db8::1',
        port: 65_535,
        ports: { grpc: 50_051, metrics: 9_090 },
        tags: ['v2', 'canary', 'a,b=c "d"'],
        meta: { version: '1.2.3', empty: '', Ünïcode: '世界', __proto__x: 'y' },
        weight: 42,
        zone: 'eu-west-1a',
      });
      await world.put(session, record);
      assert.deepEqual((await world.entry(entryKeyOf(record)))?.record, record);
    },
  },
  {
    name: 'stores an instance with only the required fields',
    check: async (world) => {
      const session = await world.session();
      const record = instance({ service: unique('service'), id: 'one', address: 'web.example.org', port: 1 });
      await world.put(session, record);
      assert.deepEqual((await world.entry(entryKeyOf(record)))?.record, record);
    },
  },
  {
    name: `stores any string as the value of a key, from empty to ${MAX_VALUE_BYTES} bytes`,
    needs: ['write', 'keys'],
    check: async (world) => {
      const session = await world.session();
      const long = [
        'x'.repeat(MAX_VALUE_BYTES),
        'ü'.repeat(MAX_VALUE_BYTES / 2),
        '\0'.repeat(MAX_VALUE_BYTES),
      ];
      for (const value of ['', ' ', 'a=b\nc\0d', '\ufeffa', '{"json":true}', '世界 🚀', ...long]) {
        const record = { kind: 'key', key: unique('key'), value } as const;
        await world.put(session, record);
        assert.deepEqual((await world.entry(record))?.record, record);
      }
    },
  },
  {
    name: 'refuses a value that is too long or not well-formed Unicode, and writes nothing',
    needs: ['write', 'keys'],
    check: async (world) => {
      const session = await world.session();
      for (const value of [
        'x'.repeat(MAX_VALUE_BYTES + 1),
        'ü'.repeat(MAX_VALUE_BYTES / 2 + 1),
        '\ud800',
        'a\udc00',
      ]) {
        const record = { kind: 'key', key: unique('key'), value } as const;
        await assert.rejects(session.write(record, undefined, world.signal), InvalidOptionError);
        assert.equal(await world.entry(record), undefined);
      }
    },
  },
  {
    name: 'refuses an instance that is too long or not well-formed Unicode, and writes nothing',
    check: async (world) => {
      const session = await world.session();
      const bare = () => ({ service: unique('service'), id: 'one', address: '10.0.0.1', port: 80 });
      const room =
        MAX_VALUE_BYTES - Buffer.byteLength(JSON.stringify(instance({ ...bare(), tags: [''] }).instance));
      for (const more of [
        { tags: ['x'.repeat(room + 10)] },
        { tags: ['\ud800'] },
        { meta: { 'a\udc00': 'b' } },
        { meta: { a: '\ud800' } },
        { ports: { '\ud800': 1 } },
        { zone: '\ud800' },
      ]) {
        const record = instance({ ...bare(), ...more });
        await assert.rejects(session.write(record, undefined, world.signal), InvalidOptionError);
        assert.equal(await world.entry(entryKeyOf(record)), undefined);
      }
    },
  },
  {
    name: 'reports a malformed entry, and returns the others',
    tools: ['corrupt'],
    check: async (world) => {
      const session = await world.session();
      const service = unique('service');
      const [one, two, three] = ['one', 'two', 'three'].map((id) =>
        instance({ service, id, address: '10.0.0.1', port: 80 }),
      );
      assert.ok(one && two && three);
      for (const record of [one, two, three]) await world.put(session, record);
      const mirror = await world.mirror({ kind: 'service', service });
      await world.contract.corrupt?.(world.subject, entryKeyOf(two));
      await world.eventually('the watch reports it', () => mirror.malformed.has(entryKeyId(entryKeyOf(two))));
      const listing = await world.registry.list({ kind: 'service', service }, world.signal);
      const entryKeys = listing.entries.map(({ record }) => entryKeyId(entryKeyOf(record))).sort();
      assert.deepEqual(entryKeys, [entryKeyId(entryKeyOf(one)), entryKeyId(entryKeyOf(three))].sort());
      assert.deepEqual(
        listing.malformed.map(({ entryKey }) => entryKey),
        [entryKeyOf(two)],
      );
      assert.ok((listing.malformed[0]?.reason.length ?? 0) > 10);
      // A malformed entry has no version: a writer treats the entry key as empty.
      await world.put(session, two);
      await world.eventually(
        'the watch reports the repair',
        () => mirror.malformed.size === 0 && mirror.entries.size === 3,
      );
    },
  },
];
