import assert from 'node:assert/strict';
import { InvalidOptionError, SidekickError } from '../../../common/errors/index.js';
import { type EntryRecord, type EntryKey, entryKeyId, entryKeyOf } from '../../entry-record.js';
import { type Scope } from '../../registry.js';
import { drain, instance, unique, type World } from '../world.js';
import { type Case } from './case.js';

/** Valid names that are easily mistaken in paths, objects, URLs and file systems. Drivers must store each unchanged. */
export const ODD_NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a/b/c',
  '/',
  '/a',
  'a/',
  'a',
  '//a//',
  '.',
  '..',
  '../../etc/passwd',
  '%2e%2e/',
  '%2E',
  '%2F',
  'a%2Fb',
  'a%2fb',
  'a/b',
  '%',
  '%25',
  '%zz',
  ' ',
  'a b',
  'a?b#c&d=e',
  'a:b;c,d@e|f\\g"h\'i',
  'a@1',
  '.sessions',
  'con',
  'Grüße-世界-🚀',
  // Look equal: composed and decomposed.
  '\u00e4',
  'a\u0308',
  // Characters that reverse the writing direction or are invisible.
  '\u202eabc',
  '\u200f',
  '\ufeff',
  'a\u200db',
  'a\u2028b',
  'CaseSensitive',
  'casesensitive',
  'x'.repeat(1_024),
  'ü'.repeat(512),
];

/** Invalid names. */
const INVALID_NAMES: readonly string[] = [
  '',
  'a\0b',
  '\0',
  'a\nb',
  'a\u007fb',
  '\ud800',
  'a\udc00b',
  'x'.repeat(1_025),
  'ü'.repeat(513),
  'x'.repeat(10_240),
];

/** Strings for tags and metadata, some of which are invalid as names. */
const ODD_STRINGS: readonly string[] = [...ODD_NAMES.slice(0, -2), '', 'a\0b', 'a\nb', 'x'.repeat(512)];

const where = { address: '10.0.0.1', port: 80 } as const;

/** Every scope that contains `name` as one of its names. */
function scopesOf(world: World, name: string): readonly Scope[] {
  return [
    { kind: 'service', service: name },
    { kind: 'instance', service: name, id: 'one' },
    { kind: 'instance', service: unique('service'), id: name },
    ...(world.can('keys') ? [{ kind: 'key', key: name } as const] : []),
  ];
}

function recordIn(scope: Scope): EntryRecord {
  if (scope.kind === 'key') return { ...scope, value: 'value' };
  return instance({ ...where, service: scope.service, id: scope.kind === 'instance' ? scope.id : 'one' });
}

async function unpolluted(check: () => Promise<void>): Promise<void> {
  const before = Object.getOwnPropertyNames(Object.prototype);
  await check();
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
}

/** Cases about names: every driver stores valid names unchanged and refuses the same invalid ones. */
export const names: readonly Case[] = [
  {
    name: 'stores unusual names of keys unchanged and distinct',
    needs: ['write', 'keys'],
    check: async (world) => {
      const session = await world.session();
      const prefix = unique('odd');
      // The longest names leave no room for a prefix. Another run may own the same keys, hence the version below.
      const whole = (name: string) => name.length > 100 || name in {};
      const records = ODD_NAMES.map(
        (name) =>
          ({ kind: 'key', key: whole(name) ? name : `${prefix}${name}`, value: unique('value') }) as const,
      );
      await unpolluted(async () => {
        for (const record of records) await world.put(session, record, (await world.entry(record))?.version);
        for (const record of records) assert.deepEqual((await world.entry(record))?.record, record);
        await session.end(world.signal);
        for (const record of records) assert.equal(await world.entry(record), undefined);
      });
    },
  },
  {
    name: 'stores unusual ids of instances unchanged and distinct',
    check: async (world) => {
      const session = await world.session();
      const service = unique('service');
      const records = ODD_NAMES.map((id, n) => instance({ service, id, address: '10.0.0.1', port: n + 1 }));
      const mirror = await world.mirror({ kind: 'service', service }, await world.connect());
      for (const record of records) await world.put(session, record);
      const listed = await world.entries({ kind: 'service', service });
      const sorted = (entryKeys: readonly EntryKey[]) => entryKeys.map(entryKeyId).sort();
      assert.deepEqual(
        sorted(listed.map(({ record }) => entryKeyOf(record))),
        sorted(records.map(entryKeyOf)),
      );
      for (const record of records) assert.deepEqual((await world.entry(entryKeyOf(record)))?.record, record);
      await world.eventually('the watch reports all', () => mirror.entries.size === records.length);
      for (const record of records) assert.deepEqual(mirror.get(entryKeyOf(record))?.record, record);
      assert.deepEqual((await session.renew(world.signal)).missing, []);
      for (const record of records) await session.remove(entryKeyOf(record), world.signal);
      assert.deepEqual(await world.entries({ kind: 'service', service }), []);
    },
  },
  {
    name: 'stores unusual names of services unchanged and distinct',
    check: async (world) => {
      const session = await world.session();
      const id = unique('id');
      const records = ODD_NAMES.map((service, n) =>
        instance({ service, id, address: '10.0.0.1', port: n + 1 }),
      );
      await unpolluted(async () => {
        for (const record of records) await world.put(session, record);
        for (const record of records) {
          const listed = await world.entries({ kind: 'service', service: record.instance.service });
          assert.deepEqual(
            listed
              .map((entry) => entry.record)
              .filter((found) => entryKeyId(entryKeyOf(found)) === entryKeyId(entryKeyOf(record))),
            [record],
          );
        }
        await session.end(world.signal);
      });
    },
  },
  {
    name: 'stores unusual tags, zones, and names of metadata and ports unchanged',
    check: async (world) => {
      const session = await world.session();
      const service = unique('service');
      const records = ODD_STRINGS.map((text, n) => {
        // `fromEntries`, since `__proto__` in an object literal sets the prototype.
        const meta = Object.fromEntries([[text, text]]);
        const ports = Object.fromEntries([[text, n + 1]]);
        return instance({ ...where, service, id: `id-${n}`, tags: [text, 'b'], meta, ports, zone: text });
      });
      await unpolluted(async () => {
        for (const record of records) await world.put(session, record);
        const listed = await world.entries({ kind: 'service', service });
        assert.equal(listed.length, records.length);
        for (const record of records)
          assert.deepEqual(
            listed
              .map((entry) => entry.record)
              .find((found) => entryKeyId(entryKeyOf(found)) === entryKeyId(entryKeyOf(record))),
            record,
          );
      });
    },
  },
  {
    name: 'stores tags and metadata of 10 kB, or rejects them with an error of the library',
    check: async (world) => {
      const session = await world.session();
      const text = 'x'.repeat(10_240);
      for (const more of [
        { tags: [text] },
        { meta: { [text]: 'value' } },
        { meta: { name: text } },
        { zone: text },
      ]) {
        const record = instance({ ...where, service: unique('service'), id: 'one', ...more });
        const written = await session.write(record, undefined, world.signal).catch((error: unknown) => error);
        const found = await world.entry(entryKeyOf(record));
        if (written instanceof Error) {
          assert.ok(written instanceof SidekickError, `expected a SidekickError, got ${written.stack}`);
          assert.equal(found, undefined);
        } else assert.deepEqual(found?.record, record);
      }
    },
  },
  {
    name: 'refuses invalid names in every method',
    needs: [],
    check: async (world) => {
      const session = world.can('write') ? await world.session() : undefined;
      await unpolluted(async () => {
        for (const name of INVALID_NAMES) {
          for (const scope of scopesOf(world, name)) {
            await assert.rejects(world.registry.list(scope, world.signal), InvalidOptionError);
            await assert.rejects(drain(world.registry.watch(scope, '', world.signal)), InvalidOptionError);
            if (!session) continue;
            const record = recordIn(scope);
            await assert.rejects(session.write(record, undefined, world.signal), InvalidOptionError);
            await assert.rejects(session.remove(entryKeyOf(record), world.signal), InvalidOptionError);
          }
        }
      });
    },
  },
  {
    name: 'returns an empty listing for unusual names, or refuses them',
    needs: [],
    tools: ['content'],
    check: async (world) => {
      await unpolluted(async () => {
        for (const name of ODD_NAMES)
          for (const scope of scopesOf(world, name))
            try {
              assert.deepEqual(await world.entries(scope), []);
            } catch (error) {
              if (!(error instanceof SidekickError)) throw error;
            }
      });
    },
  },
];
