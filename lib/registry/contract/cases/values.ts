import assert from 'node:assert/strict';
import { InvalidOptionError } from '../../../common/errors/index.js';
import { MAX_VALUE_BYTES } from '../../check-record.js';
import { entryKeyId, entryKeyOf } from '../../entry-record.js';
import { instance, unique } from '../world.js';
import { type Case } from './case.js';

/** What is written comes back as it was, whatever it is. */
export const values: readonly Case[] = [
  {
    name: 'keeps an instance with everything it can carry',
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
    name: 'keeps an instance with nothing but its address',
    check: async (world) => {
      const session = await world.session();
      const record = instance({ service: unique('service'), id: 'one', address: 'web.example.org', port: 1 });
      await world.put(session, record);
      assert.deepEqual((await world.entry(entryKeyOf(record)))?.record, record);
    },
  },
  {
    name: `keeps any value of a key: empty, any text, ${MAX_VALUE_BYTES} bytes of it`,
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
    name: 'refuses a value that is longer, or half a character, before anything is written',
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
    name: 'refuses an instance whose JSON is longer, or with half a character in it, before anything is written',
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
    name: 'names an entry that cannot be understood, and serves the others',
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
      await world.eventually('the watch tells', () => mirror.malformed.has(entryKeyId(entryKeyOf(two))));
      const listing = await world.registry.list({ kind: 'service', service }, world.signal);
      const entryKeys = listing.entries.map(({ record }) => entryKeyId(entryKeyOf(record))).sort();
      assert.deepEqual(entryKeys, [entryKeyId(entryKeyOf(one)), entryKeyId(entryKeyOf(three))].sort());
      assert.deepEqual(
        listing.malformed.map(({ entryKey }) => entryKey),
        [entryKeyOf(two)],
      );
      assert.ok((listing.malformed[0]?.reason.length ?? 0) > 10);
      // Nobody can know its version: for a writer the entry key is as good as empty.
      await world.put(session, two);
      await world.eventually(
        'the watch tells',
        () => mirror.malformed.size === 0 && mirror.entries.size === 3,
      );
    },
  },
];
