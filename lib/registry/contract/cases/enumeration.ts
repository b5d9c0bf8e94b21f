import assert from 'node:assert/strict';
import { ClosedError } from '../../../common/errors/index.js';
import { instance, unique } from '../world.js';
import { type Case } from './case.js';
import { ODD_NAMES } from './names.js';

/** Names of at most this length leave room for a unique prefix. */
const MAX_SHORT_NAME = 100;

/** Cases about the optional methods that enumerate names and servers. A driver without them passes. */
export const enumeration: readonly Case[] = [
  {
    name: 'enumerates the services that have instances, under their exact names',
    check: async (world) => {
      const { registry, signal } = world;
      if (!registry.services) return;
      const prefix = unique('listed');
      const names = ODD_NAMES.filter((name) => name.length < MAX_SHORT_NAME).map((name) => prefix + name);
      const listed = async (): Promise<readonly string[]> =>
        (await registry.services?.(signal))?.filter((name) => name.startsWith(prefix)) ?? [];
      const session = await world.session();
      for (const service of names)
        await world.put(session, instance({ service, id: 'one', address: '10.0.0.1', port: 80 }));
      // Instances of one service count once.
      await world.put(
        session,
        instance({ service: names[0] ?? '', id: 'two', address: '10.0.0.1', port: 81 }),
      );
      await world.eventually('all are listed', async () => (await listed()).length === names.length);
      assert.deepEqual(await listed(), [...names].sort());
      await session.end(signal);
      await world.eventually('none is listed', async () => (await listed()).length === 0);
    },
  },
  {
    name: 'enumerates the services of its content',
    needs: [],
    tools: ['content'],
    check: async ({ registry, contract, signal }) => {
      const names = await registry.services?.(signal);
      if (names) assert.ok(names.includes(contract.content?.service ?? ''));
    },
  },
  {
    name: 'enumerates the keys with a prefix, under their exact names',
    needs: ['write', 'keys'],
    check: async (world) => {
      const { registry, signal } = world;
      if (!registry.keys) return;
      const prefix = unique('listed');
      const names = ODD_NAMES.filter((name) => name.length < MAX_SHORT_NAME).map((name) => prefix + name);
      const session = await world.session();
      for (const key of names) await world.put(session, { kind: 'key', key, value: '' });
      await world.put(session, { kind: 'key', key: unique('other'), value: '' });
      await world.put(
        session,
        instance({ service: `${prefix}web`, id: 'one', address: '10.0.0.1', port: 80 }),
      );
      assert.deepEqual(await registry.keys(prefix, signal), [...names].sort());
      assert.deepEqual(
        await registry.keys(`${prefix}a/`, signal),
        names.filter((name) => name.startsWith(`${prefix}a/`)).sort(),
      );
      const all = await registry.keys('', signal);
      assert.deepEqual(
        names.filter((name) => !all.includes(name)),
        [],
      );
      assert.deepEqual(await registry.keys(unique('none'), signal), []);
      await session.end(signal);
      assert.deepEqual(await registry.keys(prefix, signal), []);
    },
  },
  {
    name: 'names its servers, one of them in use',
    needs: [],
    check: async ({ registry, signal }) => {
      const members = await registry.members?.(signal);
      if (!members) return;
      assert.equal(members.filter(({ inUse }) => inUse).length, 1);
      for (const { name } of members) assert.ok(name.length > 0);
    },
  },
  {
    name: 'examines itself without changing anything',
    check: async (world) => {
      const { registry, signal } = world;
      if (!registry.examine) return;
      const service = unique('examined');
      const key = world.can('keys') ? { key: unique('examined') } : {};
      const findings = await registry.examine({ service, ...key }, signal);
      assert.ok(findings.length > 0);
      for (const { check, status, advice } of findings) {
        assert.notEqual(status, 'failed', check);
        assert.equal(advice === undefined, status === 'ok', check);
      }
      assert.deepEqual(await world.entries({ kind: 'service', service }), []);
      if (key.key !== undefined) assert.equal(await world.entry({ kind: 'key', key: key.key }), undefined);
    },
  },
  {
    name: 'enumerates nothing when the signal is aborted or it is closed',
    needs: [],
    check: async (world) => {
      const registry = await world.connect();
      const aborted = AbortSignal.abort(new Error('aborted by the caller'));
      const calls = (signal: AbortSignal): readonly (Promise<unknown> | undefined)[] => [
        registry.services?.(signal),
        registry.keys?.('', signal),
        registry.members?.(signal),
      ];
      for (const call of calls(aborted)) if (call) await assert.rejects(call, /aborted by the caller/);
      await registry.close();
      for (const call of calls(world.signal)) if (call) await assert.rejects(call, ClosedError);
    },
  },
];
