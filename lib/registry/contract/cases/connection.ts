import assert from 'node:assert/strict';
import { ClosedError, RegistryRefusedError } from '../../../common/errors/index.js';
import { type Scope } from '../../registry.js';
import { entryKeyOf } from '../../entry-record.js';
import { drain, unique, type World } from '../world.js';
import { type Case } from './case.js';

function anywhere(world: World): Scope {
  return { kind: 'service', service: world.contract.content?.service ?? unique('nowhere') };
}

/** Cases about the connection itself. */
export const connection: readonly Case[] = [
  {
    name: 'names its driver and location',
    needs: [],
    check: async (world) => {
      assert.ok(world.registry.driver.length > 0);
      assert.ok(world.registry.url.length > 0);
      assert.equal((await world.connect()).driver, world.registry.driver);
    },
  },
  {
    name: 'returns an empty listing for an unknown service',
    needs: [],
    check: async (world) => {
      const { entries, malformed } = await world.registry.list(
        { kind: 'service', service: unique('unknown') },
        world.signal,
      );
      assert.deepEqual([entries, malformed], [[], []]);
    },
  },
  {
    name: 'does nothing if the signal is already aborted',
    needs: [],
    check: async (world) => {
      const reason = { message: 'aborted by the caller' };
      const aborted = AbortSignal.abort(new Error(reason.message));
      await assert.rejects(world.registry.list(anywhere(world), aborted), reason);
      if (!world.can('write')) return;
      await assert.rejects(world.registry.openSession({ ttl: 30 }, aborted), reason);
      const session = await world.session();
      const record = world.record('never');
      await assert.rejects(session.write(record, undefined, aborted), reason);
      await assert.rejects(session.renew(aborted), reason);
      assert.equal(await world.entry(entryKeyOf(record)), undefined);
    },
  },
  {
    name: 'refuses a datacenter',
    needs: [],
    check: async (world) => {
      if (world.can('datacenters')) return;
      const scope: Scope = { kind: 'service', service: 'web', dc: 'elsewhere' };
      await assert.rejects(world.registry.list(scope, world.signal), RegistryRefusedError);
    },
  },
  {
    name: 'ends its watches when closed, rejects later calls, and ignores a second close',
    needs: [],
    check: async (world) => {
      const registry = await world.connect();
      const scope = anywhere(world);
      const { cursor } = await registry.list(scope, world.signal);
      let ended = 0;
      const watching = Array.from({ length: 3 }, async () => {
        await drain(registry.watch(scope, cursor, world.signal));
        ended += 1;
      });
      await world.advance(50);
      assert.equal(ended, 0);
      await registry.close();
      await world.eventually('the watches end', () => ended === 3);
      await Promise.all(watching);
      await registry.close();
      await assert.rejects(registry.list(scope, world.signal), ClosedError);
      await assert.rejects(registry.openSession({ ttl: 30 }, world.signal), ClosedError);
      await assert.rejects(drain(registry.watch(scope, cursor, world.signal)), ClosedError);
    },
  },
  {
    name: 'lists its content, and refuses writes',
    needs: [],
    tools: ['content'],
    check: async (world) => {
      const { content } = world.contract;
      assert.ok(content);
      const scope: Scope = { kind: 'service', service: content.service };
      const listed = await world.entries(scope);
      assert.equal(listed.length, content.instances);
      const entryKeys = listed.map((entry) => entryKeyOf(entry.record));
      for (const [n, entryKey] of entryKeys.entries())
        assert.deepEqual(await world.entry(entryKey), listed[n]);
      await assert.rejects(world.registry.openSession({ ttl: 30 }, world.signal), RegistryRefusedError);
    },
  },
];
