import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { type EntryKey, entryKeyId, entryKeyOf } from '../../entry-record.js';
import { type Scope, SIGN_OF_LIFE_MS, type WatchBatch } from '../../registry.js';
import { drain, instance, unique, valueOf, type World } from '../world.js';
import { type Case } from './case.js';

/** Reads `count` batches of a watch, and lets time pass until they have arrived. */
async function batches(world: World, scope: Scope, cursor: string, count: number): Promise<WatchBatch[]> {
  const controller = new AbortController();
  const found: WatchBatch[] = [];
  const reading = (async () => {
    for await (const batch of world.registry.watch(scope, cursor, controller.signal)) {
      found.push(batch);
      if (found.length === count) break;
    }
  })();
  let failed = false;
  reading.catch(() => (failed = true));
  try {
    await world.eventually(
      `${count} batches arrive`,
      () => failed || found.length >= count,
      count * SIGN_OF_LIFE_MS + 5_000,
    );
  } finally {
    controller.abort();
    await reading;
  }
  return found;
}

/** Writes 1, 2, 3 … to each key, each write guarded by the version of the previous one, until `until` returns true. */
async function hammer(world: World, names: readonly string[], until: () => boolean): Promise<void> {
  const session = await world.session(await world.connect());
  await Promise.all(
    names.map(async (name) => {
      let version: string | undefined;
      for (let n = 1; !until(); n++) {
        version = await world.put(session, world.record(String(n), name), version);
        // A memory registry responds without I/O; let the readers run.
        await setImmediate();
        if (n % 10 === 0) {
          await session.remove(entryKeyOf(world.record('', name)), world.signal);
          version = undefined;
        }
      }
      // All keys end with the same value.
      await world.put(session, world.record('0', name), version);
    }),
  );
}

function service(name: string): Scope {
  return { kind: 'service', service: name };
}

/** Cases about watches. */
export const watches: readonly Case[] = [
  {
    name: 'reports puts, replacements and withdrawals to another connection, in order',
    check: async (world) => {
      const session = await world.session();
      const name = unique('item');
      const entryKey = entryKeyOf(world.record('', name));
      const mirror = await world.mirror(entryKey, await world.connect());
      const first = await world.put(session, world.record('1', name));
      await world.eventually('the put arrives', () => mirror.get(entryKey)?.version === first);
      assert.equal(mirror.get(entryKey)?.owner, session.id);
      const second = await world.put(session, world.record('2', name), first);
      await world.eventually('the replacement arrives', () => mirror.get(entryKey)?.version === second);
      await session.remove(entryKey, world.signal);
      await world.eventually('the withdrawal arrives', () => !mirror.has(entryKey));
      assert.deepEqual(mirror.seen.map(valueOf), ['1', '2']);
      assert.equal(mirror.deletes.length, 1);
      assert.notEqual(mirror.deletes[0]?.cause, 'expired');
    },
  },
  {
    name: 'reports a change between the listing and the watch',
    check: async (world) => {
      const session = await world.session();
      const name = unique('service');
      const record = (id: string) => instance({ service: name, id, address: '10.0.0.1', port: 80 });
      await world.put(session, record('before'));
      const { cursor } = await world.registry.list(service(name), world.signal);
      await world.put(session, record('between'));
      const [batch] = await batches(world, service(name), cursor, 1);
      const entries =
        batch?.kind === 'changes'
          ? batch.changes.flatMap((change) => (change.kind === 'put' ? [change.entry] : []))
          : batch?.kind === 'listing'
            ? batch.listing.entries
            : [];
      assert.ok(
        entries.some(
          (entry) => entryKeyId(entryKeyOf(entry.record)) === entryKeyId(entryKeyOf(record('between'))),
        ),
      );
    },
  },
  {
    name: 'reports concurrent writes of each entry key in order and without duplicates',
    needs: ['write', 'keys'],
    check: async (world) => {
      const names = [unique('storm'), unique('storm'), unique('storm')];
      const entryKeys: EntryKey[] = names.map((name) => entryKeyOf(world.record('', name)));
      let over = false;
      const storm = hammer(world, names, () => over);
      const reader = await world.connect();
      const mirrors = [];
      try {
        for (let round = 0; round < 5; round++) {
          for (const entryKey of entryKeys) mirrors.push(await world.mirror(entryKey, reader));
          await world.advance(50);
        }
      } finally {
        over = true;
      }
      await storm;
      for (const mirror of mirrors) {
        await world.eventually('the last write arrives', () =>
          [...mirror.entries.values()].some((entry) => valueOf(entry) === '0'),
        );
        const values = mirror.seen.map((entry) => Number(valueOf(entry)));
        assert.equal(values.pop(), 0);
        for (const [n, value] of values.entries())
          assert.ok(value > (values[n - 1] ?? 0), `in order: ${values.join(' ')}`);
      }
    },
  },
  {
    name: 'reports only the instances of the watched service',
    check: async (world) => {
      const session = await world.session();
      const [watched, other] = [unique('service'), unique('service')];
      const mirror = await world.mirror(service(watched));
      const near = (name: string, id: string) =>
        instance({ service: name, id, address: '10.0.0.1', port: 80 });
      await world.put(session, near(other, 'one'));
      await world.put(session, near(`${watched}-longer`, 'one'));
      if (world.can('keys')) await world.put(session, { kind: 'key', key: watched, value: 'key' });
      await world.put(session, near(watched, 'one'));
      await world.put(session, near(watched, 'two'));
      await world.eventually('both arrive', () => mirror.entries.size === 2);
      await session.remove(entryKeyOf(near(watched, 'one')), world.signal);
      await world.eventually('one goes', () => mirror.entries.size === 1);
      assert.ok(mirror.has(entryKeyOf(near(watched, 'two'))));
    },
  },
  {
    name: 'reports only the watched instance',
    check: async (world) => {
      const session = await world.session();
      const name = unique('service');
      const record = (id: string, port: number) => instance({ service: name, id, address: '10.0.0.1', port });
      const entryKey = entryKeyOf(record('one', 80));
      const mirror = await world.mirror(entryKey);
      await world.put(session, record('two', 80));
      await world.put(session, record('one-more', 80));
      await world.put(session, record('one', 80));
      await world.eventually('it arrives', () => mirror.has(entryKey));
      assert.equal(mirror.entries.size, 1);
      assert.equal(mirror.seen.length, 1);
    },
  },
  {
    name: `yields an empty batch every ${SIGN_OF_LIFE_MS} ms while nothing changes`,
    needs: [],
    check: async (world) => {
      const scope = service(world.contract.content?.service ?? unique('quiet'));
      const { cursor } = await world.registry.list(scope, world.signal);
      const found = await batches(world, scope, cursor, 2);
      assert.equal(found.length, 2);
      for (const batch of found) assert.deepEqual(batch.kind === 'changes' && batch.changes, []);
    },
  },
  {
    name: 'ends without an error when aborted before or during the watch',
    needs: [],
    check: async (world) => {
      const scope = service(world.contract.content?.service ?? unique('quiet'));
      const { cursor } = await world.registry.list(scope, world.signal);
      for await (const batch of world.registry.watch(scope, cursor, AbortSignal.abort()))
        assert.fail(`an aborted watch must yield nothing, got ${batch.kind}`);
      const controller = new AbortController();
      let ended = false;
      const watching = (async () => {
        await drain(world.registry.watch(scope, cursor, controller.signal));
        ended = true;
      })();
      await world.advance(100);
      assert.equal(ended, false);
      controller.abort(new Error('aborted by the caller'));
      await world.eventually('the watch ends', () => ended);
      await watching;
    },
  },
  {
    name: 'resets, or sends a complete listing, for an unknown cursor',
    check: async (world) => {
      const session = await world.session();
      const record = world.record('there');
      await world.put(session, record);
      const [batch] = await batches(world, entryKeyOf(record), 'never-given-out', 1);
      assert.ok(batch?.kind === 'reset' || batch?.kind === 'listing', `got ${batch?.kind}`);
      if (batch.kind === 'listing') assert.deepEqual(batch.listing.entries.map(valueOf), ['there']);
    },
  },
  {
    name: 'resets, or misses nothing, after the history was compacted',
    tools: ['compact'],
    check: async (world) => {
      const session = await world.session();
      const name = unique('item');
      const entryKey = entryKeyOf(world.record('', name));
      const first = await world.put(session, world.record('1', name));
      const { cursor } = await world.registry.list(entryKey, world.signal);
      await world.put(session, world.record('2', name), first);
      await world.contract.compact?.(world.subject);
      const [batch] = await batches(world, entryKey, cursor, 1);
      if (batch?.kind === 'listing') assert.deepEqual(batch.listing.entries.map(valueOf), ['2']);
      else if (batch?.kind === 'changes')
        assert.deepEqual(
          batch.changes.map((change) => change.kind === 'put' && valueOf(change.entry)),
          ['2'],
        );
    },
  },
];
