import assert from 'node:assert/strict';
import { type KeyRecord, type KeySpace, type PlainKey } from '../../entry-record.js';
import { type Registry, type Session, type WriteResult } from '../../registry.js';
import { unique, type World } from '../world.js';
import { type Case } from './case.js';

const needs = ['write', 'keys', 'elections'] as const;

function electionKey(name: string, space: KeySpace = 'elections'): PlainKey {
  return { kind: 'key', space, key: name };
}

function recordOf(entryKey: PlainKey, value: string): KeyRecord {
  return { ...entryKey, value };
}

/** Creates an entry, and returns its version and create revision. */
async function create(
  world: World,
  session: Session,
  entryKey: PlainKey,
): Promise<{ readonly version: string; readonly revision: bigint }> {
  const written = await session.write(recordOf(entryKey, unique('value')), undefined, world.signal);
  assert.ok(written.ok, `the key could not be created: ${JSON.stringify(written)}`);
  assert.match(written.createRevision ?? '', /^\d+$/, 'a write that creates an entry has a create revision');
  return { version: written.version, revision: BigInt(written.createRevision ?? 0) };
}

async function discard(
  registry: Registry,
  entryKey: PlainKey,
  version: string,
  world: World,
): Promise<boolean> {
  const removed = await registry.discard?.(entryKey, version, world.signal);
  assert.ok(removed !== undefined, 'a registry that carries elections has `discard`');
  return removed;
}

/** Cases about what elections and locks need: keys of their own, create revisions, removal by version. */
export const elections: readonly Case[] = [
  {
    name: 'stores keys of a space apart from those of applications and of other spaces',
    needs,
    check: async (world) => {
      const session = await world.session();
      for (const name of [unique('web'), `${unique('a')}/b:c`, `../${unique('é %2F.')}`]) {
        const keys = [electionKey(name), electionKey(name, 'locks'), { kind: 'key', key: name } as const];
        for (const [n, entryKey] of keys.entries()) await world.put(session, recordOf(entryKey, String(n)));
        for (const [n, entryKey] of keys.entries()) {
          const entry = await world.entry(entryKey);
          assert.deepEqual(entry?.record, recordOf(entryKey, String(n)));
          assert.equal(entry.owner, session.id);
        }
        await session.remove(electionKey(name), world.signal);
        assert.ok(await world.entry(electionKey(name, 'locks')));
      }
    },
  },
  {
    name: 'keeps the create revision of an entry while it is rewritten, by any session',
    needs,
    check: async (world) => {
      const [one, two] = [await world.session(), await world.session(await world.connect())];
      const entryKey = electionKey(unique('election'));
      const { version, revision } = await create(world, one, entryKey);
      const again = await world.put(one, recordOf(entryKey, '2'), version);
      const third = await world.put(two, recordOf(entryKey, '3'), again);
      const entry = await world.entry(entryKey);
      assert.ok(entry);
      assert.equal(entry.version, third);
      assert.equal(entry.owner, two.id);
      assert.equal(entry.createRevision, String(revision));
      const refused = await one.write(recordOf(entryKey, '4'), again, world.signal);
      assert.ok(!refused.ok);
      assert.deepEqual(refused.current, entry);
    },
  },
  {
    name: 'raises the create revision with each new entry, however the one before was removed',
    needs,
    check: async (world) => {
      const entryKey = electionKey(unique('election'));
      let last = -1n;
      const session = await world.session();
      for (const how of ['remove', 'discard', 'end', 'rewrite and discard', 'remove']) {
        const own = how === 'end' ? await world.session() : session;
        const { version, revision } = await create(world, own, entryKey);
        assert.ok(revision > last, `${revision} follows ${last} after ${how}`);
        last = revision;
        if (how === 'remove') await own.remove(entryKey, world.signal);
        else if (how === 'discard') assert.ok(await discard(world.registry, entryKey, version, world));
        else if (how === 'end') await own.end(world.signal);
        else {
          let current = version;
          for (let n = 0; n < 3; n++) current = await world.put(own, recordOf(entryKey, String(n)), current);
          assert.ok(await discard(world.registry, entryKey, current, world));
        }
        assert.equal(await world.entry(entryKey), undefined);
      }
    },
  },
  {
    name: 'raises the create revision after another hand has removed the entry',
    needs,
    tools: ['forget'],
    check: async (world) => {
      const session = await world.session();
      const entryKey = electionKey(unique('election'));
      const first = await create(world, session, entryKey);
      await world.put(session, recordOf(entryKey, '2'), first.version);
      await world.contract.forget?.(world.subject, entryKey);
      await world.eventually('the entry is gone', async () => (await world.entry(entryKey)) === undefined);
      const second = await create(world, session, entryKey);
      assert.ok(second.revision > first.revision);
    },
  },
  {
    name: 'raises the create revision after an expiry, and shows it in a watch',
    needs,
    expiries: 1,
    check: async (world) => {
      const entryKey = electionKey(unique('election'));
      const mirror = await world.mirror(entryKey, await world.connect());
      const first = await create(world, await world.session(world.registry, world.ttl), entryKey);
      await world.eventually(
        'the entry expires',
        async () => (await world.entry(entryKey)) === undefined,
        world.expiryMs,
      );
      const second = await create(world, await world.session(), entryKey);
      assert.ok(second.revision > first.revision);
      await world.eventually(
        'the watch shows the new entry',
        () => mirror.get(entryKey)?.createRevision === String(second.revision),
      );
    },
  },
  {
    name: 'discards an entry of any session by its version, and no other',
    needs,
    check: async (world) => {
      const other = await world.connect();
      const session = await world.session();
      const entryKey = electionKey(unique('election'));
      assert.equal(await discard(other, entryKey, '1', world), false);
      const { version } = await create(world, session, entryKey);
      const second = await world.put(session, recordOf(entryKey, '2'), version);
      assert.equal(await discard(other, entryKey, version, world), false);
      assert.equal((await world.entry(entryKey))?.version, second);
      assert.equal(await discard(other, entryKey, second, world), true);
      assert.equal(await world.entry(entryKey), undefined);
      assert.equal(await discard(other, entryKey, second, world), false);
      const refused = await session.write(recordOf(entryKey, '3'), second, world.signal);
      assert.deepEqual(refused, { ok: false, current: undefined });
    },
  },
  {
    name: 'has one winner of many who discard the same entry and create another one',
    needs,
    check: async (world) => {
      const [first, second] = [world.registry, await world.connect()];
      const entryKey = electionKey(unique('election'));
      const sessions: Session[] = [];
      for (let n = 0; n < 6; n++) sessions.push(await world.session(n % 2 === 0 ? first : second));
      let last = -1n;
      for (let round = 0; round < 5; round++) {
        const results = await Promise.all(
          sessions.map(async (session, n): Promise<WriteResult> => {
            const registry = n % 2 === 0 ? first : second;
            const before = await world.entry(entryKey, registry);
            const stale = before !== undefined && BigInt(before.createRevision ?? 0) <= last;
            if (stale) await discard(registry, entryKey, before.version, world);
            return await session.write(recordOf(entryKey, `${round}/${n}`), undefined, world.signal);
          }),
        );
        const winners = results.flatMap((result) => (result.ok ? [BigInt(result.createRevision ?? 0)] : []));
        assert.equal(winners.length, 1, 'exactly one creates the entry');
        const [winner = 0n] = winners;
        assert.ok(winner > last, `${winner} follows ${last}`);
        assert.equal((await world.entry(entryKey))?.createRevision, String(winner));
        last = winner;
      }
    },
  },
  {
    name: 'keeps an entry of a detached session when its connection closes, until its TTL has passed',
    needs,
    expiries: 1,
    check: async (world) => {
      const connection = await world.connect();
      const entryKey = electionKey(unique('lock'), 'locks');
      const session = await connection.openSession({ ttl: 30 }, world.signal);
      const { version, revision } = await create(world, session, entryKey);
      const detached = await connection.openSession({ ttl: world.ttl, detached: true }, world.signal);
      await world.put(detached, recordOf(entryKey, 'held'), version);
      await session.end(world.signal);
      await connection.close();
      const entry = await world.entry(entryKey);
      assert.ok(entry);
      assert.equal(entry.owner, detached.id);
      assert.equal(entry.createRevision, String(revision));
      await world.eventually(
        'the entry expires',
        async () => (await world.entry(entryKey)) === undefined,
        world.expiryMs,
      );
      // Removes what a driver keeps of an expired session, where it still can.
      await detached.end(world.signal).catch(() => undefined);
    },
  },
];
