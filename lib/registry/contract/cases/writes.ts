import assert from 'node:assert/strict';
import { entryKeyOf } from '../../entry-record.js';
import { SessionGoneError } from '../../session-gone.error.js';
import { instance, unique, valueOf } from '../world.js';
import { type Case } from './case.js';

/** Cases about guarded writes, owners and removal. */
export const writes: readonly Case[] = [
  {
    name: 'writes to an empty entry key and lists the entry with its owner and version',
    check: async (world) => {
      const session = await world.session();
      const record = world.record('first');
      assert.equal(await world.entry(entryKeyOf(record)), undefined);
      const version = await world.put(session, record);
      assert.deepEqual(await world.entry(entryKeyOf(record)), { record, version, owner: session.id });
    },
  },
  {
    name: 'lists an entry that another connection has written',
    check: async (world) => {
      const other = await world.connect();
      const session = await world.session();
      const record = world.record('first');
      const version = await world.put(session, record);
      assert.deepEqual(await world.entry(entryKeyOf(record), other), { record, version, owner: session.id });
    },
  },
  {
    name: 'replaces a value if the version matches, and changes the version',
    check: async (world) => {
      const session = await world.session();
      const name = unique('item');
      const first = await world.put(session, world.record('1', name));
      const second = await world.put(session, world.record('2', name), first);
      assert.notEqual(second, first);
      const entry = await world.entry(entryKeyOf(world.record('', name)));
      assert.equal(valueOf(entry), '2');
      assert.equal(entry?.version, second);
    },
  },
  {
    name: 'changes the version when the same value is written again',
    check: async (world) => {
      const session = await world.session();
      const record = world.record('same');
      const first = await world.put(session, record);
      assert.notEqual(await world.put(session, record, first), first);
    },
  },
  {
    name: 'refuses a write that expects an empty entry key if there is an entry, and returns the entry',
    needs: ['write', 'keys'],
    check: async (world) => {
      const [one, two] = [await world.session(), await world.session(await world.connect())];
      const name = unique('item');
      const version = await world.put(one, world.record('one', name));
      const written = await two.write(world.record('two', name), undefined, world.signal);
      assert.deepEqual(written, {
        ok: false,
        current: { record: world.record('one', name), version, owner: one.id },
      });
      assert.equal(valueOf(await world.entry(entryKeyOf(world.record('', name)))), 'one');
    },
  },
  {
    name: 'refuses a write of an instance that another session has registered, and returns that one',
    needs: ['write', 'guardedInstances'],
    check: async (world) => {
      const [one, two] = [await world.session(), await world.session(await world.connect())];
      const record = instance({ service: unique('service'), id: 'one', address: '10.0.0.1', port: 80 });
      const version = await world.put(one, record);
      const written = await two.write(record, undefined, world.signal);
      assert.deepEqual(written, { ok: false, current: { record, version, owner: one.id } });
    },
  },
  {
    name: 'refuses a write with an old version',
    needs: ['write', 'keys'],
    check: async (world) => {
      const session = await world.session();
      const name = unique('item');
      const first = await world.put(session, world.record('1', name));
      const second = await world.put(session, world.record('2', name), first);
      const written = await session.write(world.record('3', name), first, world.signal);
      assert.ok(!written.ok);
      assert.equal(written.current?.version, second);
    },
  },
  {
    name: 'refuses a write with a version if the entry key is empty',
    needs: ['write', 'keys'],
    check: async (world) => {
      const session = await world.session();
      const record = world.record('1');
      const version = await world.put(session, record);
      await session.remove(entryKeyOf(record), world.signal);
      assert.deepEqual(await session.write(record, version, world.signal), { ok: false, current: undefined });
      assert.equal(await world.entry(entryKeyOf(record)), undefined);
    },
  },
  {
    name: 'accepts exactly one of many concurrent writes to an empty entry key',
    needs: ['write', 'keys'],
    check: async (world) => {
      const other = await world.connect();
      const sessions = [];
      for (let n = 0; n < 8; n++) sessions.push(await world.session(n % 2 === 0 ? world.registry : other));
      const name = unique('item');
      const written = await Promise.all(
        sessions.map((session, n) => session.write(world.record(String(n), name), undefined, world.signal)),
      );
      const winner = written.findIndex(({ ok }) => ok);
      assert.equal(written.filter(({ ok }) => ok).length, 1);
      assert.equal(valueOf(await world.entry(entryKeyOf(world.record('', name)))), String(winner));
    },
  },
  {
    name: 'lets a second session take over an entry key, which the first session then cannot remove',
    needs: ['write', 'keys'],
    check: async (world) => {
      const [one, two] = [await world.session(), await world.session(await world.connect())];
      const name = unique('item');
      const entryKey = entryKeyOf(world.record('', name));
      const first = await world.put(one, world.record('one', name));
      const second = await world.put(two, world.record('two', name), first);
      assert.equal((await world.entry(entryKey))?.owner, two.id);
      await one.remove(entryKey, world.signal);
      assert.equal((await world.entry(entryKey))?.version, second);
      await one.end(world.signal);
      assert.equal((await world.entry(entryKey))?.version, second);
    },
  },
  {
    name: 'removes an entry, and ignores a removal without an entry',
    check: async (world) => {
      const session = await world.session();
      const [kept, gone] = [world.record('kept'), world.record('gone')];
      await world.put(session, kept);
      await world.put(session, gone);
      await session.remove(entryKeyOf(gone), world.signal);
      await session.remove(entryKeyOf(gone), world.signal);
      assert.equal(await world.entry(entryKeyOf(gone)), undefined);
      assert.ok(await world.entry(entryKeyOf(kept)));
    },
  },
  {
    name: 'does not remove a newer version than the one that a removal names',
    check: async (world) => {
      const session = await world.session();
      const name = unique('item');
      const entryKey = entryKeyOf(world.record('', name));
      const first = await world.put(session, world.record('1', name));
      const second = await world.put(session, world.record('2', name), first);
      await session.remove(entryKey, world.signal, first);
      assert.equal((await world.entry(entryKey))?.version, second);
      await session.remove(entryKey, world.signal, second);
      assert.equal(await world.entry(entryKey), undefined);
      const third = await world.put(session, world.record('3', name));
      await session.remove(entryKey, world.signal, second);
      assert.equal((await world.entry(entryKey))?.version, third);
    },
  },
  {
    name: 'refuses to write for a session that has ended',
    check: async (world) => {
      const session = await world.session();
      await session.end(world.signal);
      const record = world.record('late');
      await assert.rejects(session.write(record, undefined, world.signal), SessionGoneError);
      assert.equal(await world.entry(entryKeyOf(record)), undefined);
    },
  },
];
