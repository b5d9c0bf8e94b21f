import assert from 'node:assert/strict';
import { entryKeyId, entryKeyOf } from '../../entry-record.js';
import { SessionGoneError } from '../../session-gone.error.js';
import { systemClock } from '../../../common/clock.js';
import { instance, unique, valueOf, type World } from '../world.js';
import { type Case } from './case.js';

/** The number of entries in the case of one large session. */
const MANY_ENTRIES = 500;
/** The number of concurrent writes in that case. */
const MAX_CONCURRENT_WRITES = 25;

/** How often a case begins again, because this process stood still for longer than a TTL. */
const MAX_ATTEMPTS = 5;

/**
 * Renews a session for twice its TTL.
 *
 * @returns false if this process stood still between two renewals, so that the session may have expired
 * @throws AssertionError if the entry does not stay
 */
async function retains(world: World): Promise<boolean> {
  let renewedAt = systemClock.now();
  const session = await world.session(world.registry, world.ttl);
  try {
    const record = world.record('kept');
    const version = await world.put(session, record);
    const mirror = await world.mirror(entryKeyOf(record), await world.connect());
    for (let beat = 0; beat < 6; beat++) {
      await world.advance((session.ttl * 1_000) / 3);
      const began = systemClock.now();
      const { ttl, missing } = await session.renew(world.signal);
      assert.ok(ttl >= world.ttl);
      assert.deepEqual(missing, []);
      assert.equal((await world.entry(entryKeyOf(record)))?.version, version);
      assert.deepEqual(mirror.deletes, []);
      renewedAt = began;
    }
    return true;
  } catch (error) {
    if (systemClock.now() - renewedAt < session.ttl * 1_000) throw error;
    return false;
  }
}

/** Cases about the life of a session. */
export const sessions: readonly Case[] = [
  {
    name: 'grants at least the requested TTL, and gives each session its own id',
    check: async (world) => {
      const [one, two] = [await world.session(world.registry, world.ttl), await world.session()];
      assert.ok(one.ttl >= world.ttl);
      assert.notEqual(one.id, two.id);
      assert.ok((await one.renew(world.signal)).ttl >= world.ttl);
    },
  },
  {
    name: 'removes all entries of a session when it ends, and ignores a second end',
    check: async (world) => {
      const [session, other] = [await world.session(), await world.session()];
      const records = [world.record('1'), world.record('2'), world.record('3')];
      const kept = world.record('kept');
      for (const record of records) await world.put(session, record);
      await world.put(other, kept);
      await session.end(world.signal);
      for (const record of records) assert.equal(await world.entry(entryKeyOf(record)), undefined);
      assert.ok(await world.entry(entryKeyOf(kept)));
      await session.end(world.signal);
    },
  },
  {
    name: 'removes an entry after its TTL without a renewal, and not earlier',
    expiries: 1,
    check: async (world) => {
      const reader = await world.connect();
      const began = systemClock.now();
      const session = await world.session(world.registry, world.ttl);
      const record = world.record('mortal');
      await world.put(session, record);
      const mirror = await world.mirror(entryKeyOf(record), reader);
      await world.advance(session.ttl * 500);
      const isThere = (await world.entry(entryKeyOf(record), reader)) !== undefined;
      // Not where this process stood still meanwhile, which is no fault of the driver.
      if (systemClock.now() - began < session.ttl * 1_000)
        assert.ok(isThere, 'the entry exists after half its TTL');
      await world.eventually(
        'the entry expires',
        async () => (await world.entry(entryKeyOf(record), reader)) === undefined,
        world.expiryMs,
      );
      await world.eventually('the watch reports the expiry', () => mirror.deletes.length === 1);
      assert.notEqual(mirror.deletes[0]?.cause, 'withdrawn');
    },
  },
  {
    name: 'retains an entry whose session is renewed',
    expiries: 2,
    check: async (world) => {
      for (let attempt = 1; !(await retains(world)); attempt++)
        assert.ok(attempt < MAX_ATTEMPTS, 'this process renews the session within its TTL');
    },
  },
  {
    name: 'rejects the renewal of an ended session with SessionGoneError',
    check: async (world) => {
      const session = await world.session();
      await session.end(world.signal);
      await assert.rejects(session.renew(world.signal), SessionGoneError);
    },
  },
  {
    name: 'rejects the calls of an expired session with SessionGoneError, and lets another session write its entry key',
    expiries: 1,
    check: async (world) => {
      const session = await world.session(world.registry, world.ttl);
      const name = unique('item');
      const entryKey = entryKeyOf(world.record('', name));
      await world.put(session, world.record('old', name));
      await world.eventually(
        'the entry expires',
        async () => (await world.entry(entryKey)) === undefined,
        world.expiryMs,
      );
      await assert.rejects(session.renew(world.signal), SessionGoneError);
      await assert.rejects(
        session.write(world.record('late', name), undefined, world.signal),
        SessionGoneError,
      );
      await world.put(await world.session(), world.record('new', name));
      assert.equal(valueOf(await world.entry(entryKey)), 'new');
    },
  },
  {
    name: 'rejects the renewal of a revoked session with SessionGoneError',
    tools: ['revoke'],
    check: async (world) => {
      const session = await world.session();
      const record = world.record('revoked');
      await world.put(session, record);
      await world.contract.revoke?.(world.subject, session.id);
      await assert.rejects(session.renew(world.signal), SessionGoneError);
      assert.equal(await world.entry(entryKeyOf(record)), undefined);
    },
  },
  {
    name: 'keeps a session alive when one of its entries is deleted, and lets it write that entry again',
    tools: ['forget'],
    check: async (world) => {
      const session = await world.session();
      const [kept, lost] = [world.record('kept'), world.record('lost')];
      await world.put(session, kept);
      await world.put(session, lost);
      const mirror = await world.mirror(entryKeyOf(lost));
      await world.contract.forget?.(world.subject, entryKeyOf(lost));
      await world.eventually('the watch reports the deletion', () => !mirror.has(entryKeyOf(lost)));
      const { missing } = await session.renew(world.signal);
      assert.deepEqual(missing, world.can('reportsMissing') ? [entryKeyOf(lost)] : []);
      await world.put(session, lost);
      assert.deepEqual((await session.renew(world.signal)).missing, []);
      assert.ok(await world.entry(entryKeyOf(kept)));
      await world.eventually('the watch reports the new entry', () => mirror.has(entryKeyOf(lost)));
    },
  },
  {
    name: 'reports no owner for an entry without a session, and lets a session replace it',
    tools: ['plant'],
    check: async (world) => {
      const name = unique('item');
      await world.contract.plant?.(world.subject, world.record('planted', name));
      const entry = await world.entry(entryKeyOf(world.record('', name)));
      assert.equal(valueOf(entry), 'planted');
      assert.equal(entry?.owner, undefined);
      await world.put(await world.session(), world.record('ours', name), entry?.version);
    },
  },
  {
    name: 'watches the entries that a session writes, if the session has one watch for all of them',
    check: async (world) => {
      const [session, other] = [await world.session(), await world.session()];
      if (!session.watch) return;
      const [lost, kept] = [world.record('lost'), world.record('kept')];
      const foreign = world.record('foreign');
      const seen = new Map<string, string | undefined>();
      const ending = new AbortController();
      const watch = session.watch(ending.signal);
      const watching = (async () => {
        for await (const changes of watch)
          for (const { entryKey, version } of changes) seen.set(entryKeyId(entryKey), version);
      })();
      const version = await world.put(session, lost);
      const own = await world.put(session, kept);
      await world.put(other, foreign);
      const id = entryKeyId(entryKeyOf(lost));
      const theirs = await world.put(other, lost, version);
      await world.eventually('the watch reports a write of another session', () => seen.get(id) === theirs);
      await other.remove(entryKeyOf(lost), world.signal);
      await world.eventually('the watch reports a removal', () => seen.has(id) && seen.get(id) === undefined);
      assert.ok([undefined, own].includes(seen.get(entryKeyId(entryKeyOf(kept)))));
      assert.ok(!seen.has(entryKeyId(entryKeyOf(foreign))));
      ending.abort();
      await watching;
    },
  },
  {
    name: `holds ${MANY_ENTRIES} entries in one session`,
    // A registry without a history answers each change with the complete list: half a million entries in all.
    timeoutMs: 300_000,
    check: async (world) => {
      const session = await world.session();
      const service = unique('service');
      const records = Array.from({ length: MANY_ENTRIES }, (_, n) =>
        instance({ service, id: `instance-${n}`, address: '10.0.0.1', port: 1_000 + n }),
      );
      const mirror = await world.mirror({ kind: 'service', service }, await world.connect());
      for (let n = 0; n < MANY_ENTRIES; n += MAX_CONCURRENT_WRITES)
        await Promise.all(
          records.slice(n, n + MAX_CONCURRENT_WRITES).map((record) => world.put(session, record)),
        );
      assert.deepEqual((await session.renew(world.signal)).missing, []);
      const listed = await world.entries({ kind: 'service', service });
      const ports = listed.map(({ record }) => (record.kind === 'instance' ? record.instance.port : 0));
      assert.deepEqual(
        ports.sort((a, b) => a - b),
        records.map((record) => record.instance.port),
      );
      await world.eventually('the watch reports all entries', () => mirror.entries.size === MANY_ENTRIES);
      await session.end(world.signal);
      assert.deepEqual(await world.entries({ kind: 'service', service }), []);
      await world.eventually('the watch reports all removals', () => mirror.entries.size === 0);
    },
  },
];
