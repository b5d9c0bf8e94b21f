import assert from 'node:assert/strict';
import { InvalidOptionError, SidekickError } from '../../../common/errors/index.js';
import { type EntryRecord, type EntryKey, entryKeyId, entryKeyOf } from '../../entry-record.js';
import { type Scope } from '../../registry.js';
import { drain, instance, unique, type World } from '../world.js';
import { type Case } from './case.js';

/** Names that trip up paths, objects, URLs, file systems and eyes. Each is kept as it is, apart from all others. */
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
  // The same to the eye: composed and decomposed.
  '\u00e4',
  'a\u0308',
  // Marks that turn what follows around, or are not seen at all.
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

/** Names that no encoding can help, or that nobody means. */
const NO_NAMES: readonly string[] = [
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

/** Texts that are no names and may yet be tags, or stand in metadata. */
const ODD_TEXTS: readonly string[] = [...ODD_NAMES.slice(0, -2), '', 'a\0b', 'a\nb', 'x'.repeat(512)];

const where = { address: '10.0.0.1', port: 80 } as const;

/** Every scope with `name` in one of its places. */
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

/** Names: kept as they are and apart, or refused, alike by every driver. */
export const names: readonly Case[] = [
  {
    name: 'keeps odd names of keys apart and as they are',
    needs: ['write', 'keys'],
    check: async (world) => {
      const session = await world.session();
      const prefix = unique('odd');
      // The longest leave no room for a prefix, and these must be whole: another run may be holding them.
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
    name: 'keeps odd names of instances apart and as they are',
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
      await world.eventually('the watch has told of all', () => mirror.entries.size === records.length);
      for (const record of records) assert.deepEqual(mirror.get(entryKeyOf(record))?.record, record);
      assert.deepEqual((await session.renew(world.signal)).missing, []);
      for (const record of records) await session.remove(entryKeyOf(record), world.signal);
      assert.deepEqual(await world.entries({ kind: 'service', service }), []);
    },
  },
  {
    name: 'keeps odd names of services apart and as they are',
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
    name: 'keeps odd tags, zones, and names of metadata and ports as they are',
    check: async (world) => {
      const session = await world.session();
      const service = unique('service');
      const records = ODD_TEXTS.map((text, n) => {
        // As JSON reads it: `__proto__` is a member like any other.
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
    name: 'keeps tags and metadata of 10 kB, or says that there is no room',
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
          assert.ok(written instanceof SidekickError, `an error of the library: ${written.stack}`);
          assert.equal(found, undefined);
        } else assert.deepEqual(found?.record, record);
      }
    },
  },
  {
    name: 'refuses what is no name, and writes, lists and watches nothing by it',
    needs: [],
    check: async (world) => {
      const session = world.can('write') ? await world.session() : undefined;
      await unpolluted(async () => {
        for (const name of NO_NAMES) {
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
    name: 'has nothing under odd names, or refuses them',
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
