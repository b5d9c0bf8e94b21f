import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AddressPolicy } from '../../../lib/discovery/address-policy.js';
import { ServiceCache } from '../../../lib/discovery/service-cache.js';
import { completeInstance, type PartialInstance } from '../../../lib/registry/instance.js';
import { memory } from '../../../lib/registries/memory/memory.js';
import { VirtualClock } from '../../../lib/testing/virtual-clock.js';
import { hosts, names, ports } from '../values.js';
import { dataTarget } from '../target.js';

/** A change of the registry: writes an instance of any form, corrupts one, or removes one. */
interface Step {
  readonly what: 'put' | 'corrupt' | 'remove' | 'compact';
  readonly id: string;
  readonly address: string;
  readonly port: unknown;
  readonly tag: string;
}

const ALLOW: readonly string[] = ['10.0.0.0/8', 'fd00::/8'];
const SERVICE = 'web';

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('put', 'put', 'put', 'corrupt', 'remove', 'compact'),
  id: fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'constructor'), names),
  address: fc.oneof(fc.constantFrom('10.0.0.1', '::ffff:10.0.0.1', 'fd00::1', 'localhost'), hosts),
  port: fc.oneof(fc.constant(80), ports),
  tag: names,
});

export default dataTarget<readonly Step[]>({
  name: 'directory',
  promise:
    'whatever is written into a registry, lists hold endpoints within the allowed ranges, each id once',
  share: 0.1,
  inputs: (corpus) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...corpus) },
      { weight: 9, arbitrary: fc.array(step, { maxLength: 8 }) },
    ),
  run: async (steps) => {
    const clock = new VirtualClock();
    const source = memory();
    const said: string[] = [];
    const tell = (text: string): void => void said.push(text);
    const deps = { clock, random: () => 0.5, logger: { log: tell, warn: tell, error: tell } };
    const registry = await source.open(deps);
    const directory = new ServiceCache({ ...deps, allow: ALLOW });
    const policy = new AddressPolicy(ALLOW);
    try {
      await directory.start(registry);
      const view = directory.watch({ service: SERVICE });
      for (const { what, id, address, port, tag } of steps) {
        const entryKey = { kind: 'instance', service: SERVICE, id } as const;
        const more = { tags: [tag], meta: Object.fromEntries([[tag, tag]]) };
        const partial = { service: SERVICE, id, address, port, ...more } as PartialInstance;
        if (what === 'put') source.store.put({ kind: 'instance', instance: completeInstance(partial) });
        else if (what === 'corrupt') source.store.corrupt(entryKey, 'Expected something else, got this.');
        else if (what === 'remove') source.store.remove(entryKey);
        else source.store.compact();
        await clock.advance(10);
        const ids = view.endpoints.map((endpoint) => endpoint.id);
        assert.equal(new Set(ids).size, ids.length, 'each id is there once');
        for (const endpoint of view.endpoints)
          assert.equal(policy.refusal(endpoint), undefined, 'an endpoint may be used');
      }
      for (const text of said)
        assert.ok(text.length < 4_000 && !/[\n\r\0]/.test(text), 'a line of the log is one');
    } finally {
      const closing = Promise.all([directory.close(), registry.close()]);
      await clock.advance(10_000);
      await closing;
    }
  },
});
