import assert from 'node:assert/strict';
import { type Slot, slotId, slotOf } from '../../item.js';
import { instance, unique } from '../world.js';
import { type Case } from './case.js';

/** Names that trip up paths, objects and URLs. */
export const ODD_NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a/b/c',
  '/',
  '//a//',
  '.',
  '..',
  '../../etc/passwd',
  '%2e%2e/',
  '%',
  '%zz',
  'a b',
  'a?b#c&d=e',
  'a:b;c,d@e|f\\g"h\'i',
  'Grüße-世界-🚀',
  'CaseSensitive',
  'casesensitive',
  'x'.repeat(1_024),
  'ü'.repeat(512),
];

/** What is written comes back as it was, whatever it is. */
export const values: readonly Case[] = [
  {
    name: 'keeps an instance with everything it can carry',
    check: async (world) => {
      const session = await world.session();
      const item = instance({
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
      await world.put(session, item);
      assert.deepEqual((await world.entry(slotOf(item)))?.item, item);
    },
  },
  {
    name: 'keeps an instance with nothing but its address',
    check: async (world) => {
      const session = await world.session();
      const item = instance({ service: unique('service'), id: 'one', address: 'web.example.org', port: 1 });
      await world.put(session, item);
      assert.deepEqual((await world.entry(slotOf(item)))?.item, item);
    },
  },
  {
    name: 'keeps any value of a key: empty, long, any text',
    needs: ['write', 'keys'],
    check: async (world) => {
      const session = await world.session();
      for (const value of ['', ' ', 'a=b\nc\0d', '{"json":true}', '世界 🚀', 'x'.repeat(32_768)]) {
        const item = { kind: 'key', key: unique('key'), value } as const;
        await world.put(session, item);
        assert.deepEqual((await world.entry(item))?.item, item);
      }
    },
  },
  {
    name: 'keeps odd names of keys apart and as they are',
    needs: ['write', 'keys'],
    check: async (world) => {
      const session = await world.session();
      const before = Object.getOwnPropertyNames(Object.prototype);
      const prefix = unique('odd');
      // The longest leave no room for a prefix, and these must be whole: another run may be holding them.
      const whole = (name: string) => name.length > 100 || name in {};
      const items = ODD_NAMES.map(
        (name) =>
          ({ kind: 'key', key: whole(name) ? name : `${prefix}${name}`, value: unique('value') }) as const,
      );
      for (const item of items) await world.put(session, item, (await world.entry(item))?.version);
      for (const item of items) assert.deepEqual((await world.entry(item))?.item, item);
      await session.end(world.signal);
      for (const item of items) assert.equal(await world.entry(item), undefined);
      assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
    },
  },
  {
    name: 'keeps odd names of instances apart and as they are',
    check: async (world) => {
      const session = await world.session();
      const service = unique('service');
      const items = ODD_NAMES.map((id, n) => instance({ service, id, address: '10.0.0.1', port: n + 1 }));
      const mirror = await world.mirror({ kind: 'service', service }, await world.connect());
      for (const item of items) await world.put(session, item);
      const listed = await world.entries({ kind: 'service', service });
      const sorted = (slots: readonly Slot[]) => slots.map(slotId).sort();
      assert.deepEqual(sorted(listed.map(({ item }) => slotOf(item))), sorted(items.map(slotOf)));
      for (const item of items) assert.deepEqual((await world.entry(slotOf(item)))?.item, item);
      await world.eventually('the watch has told of all', () => mirror.entries.size === items.length);
      for (const item of items) assert.deepEqual(mirror.get(slotOf(item))?.item, item);
    },
  },
  {
    name: 'keeps odd names of services apart and as they are',
    check: async (world) => {
      const session = await world.session();
      const before = Object.getOwnPropertyNames(Object.prototype);
      const id = unique('id');
      const items = ODD_NAMES.map((service, n) =>
        instance({ service, id, address: '10.0.0.1', port: n + 1 }),
      );
      for (const item of items) await world.put(session, item);
      for (const item of items) {
        const listed = await world.entries({ kind: 'service', service: item.instance.service });
        assert.deepEqual(
          listed.map((entry) => entry.item).filter((found) => slotId(slotOf(found)) === slotId(slotOf(item))),
          [item],
        );
      }
      await session.end(world.signal);
      assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
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
      for (const item of [one, two, three]) await world.put(session, item);
      const mirror = await world.mirror({ kind: 'service', service });
      await world.contract.corrupt?.(world.subject, slotOf(two));
      await world.eventually('the watch tells', () => mirror.malformed.has(slotId(slotOf(two))));
      const listing = await world.registry.list({ kind: 'service', service }, world.signal);
      const slots = listing.entries.map(({ item }) => slotId(slotOf(item))).sort();
      assert.deepEqual(slots, [slotId(slotOf(one)), slotId(slotOf(three))].sort());
      assert.deepEqual(
        listing.malformed.map(({ slot }) => slot),
        [slotOf(two)],
      );
      assert.ok((listing.malformed[0]?.reason.length ?? 0) > 10);
      // Nobody can know its version: for a writer the slot is as good as empty.
      await world.put(session, two);
      await world.eventually(
        'the watch tells',
        () => mirror.malformed.size === 0 && mirror.entries.size === 3,
      );
    },
  },
];
