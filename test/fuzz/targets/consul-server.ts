import fc from 'fast-check';
import { ConsulClient } from '../../../lib/registries/consul/client.js';
import { ConsulRegistry } from '../../../lib/registries/consul/consul-registry.js';
import { consulSettings } from '../../../lib/registries/consul/options.js';
import { fixedToken } from '../../../lib/registries/consul/token.js';
import { type RawResponse, type Transport } from '../../../lib/registries/consul/transport.js';
import { completeInstance } from '../../../lib/registry/instance.js';
import { type EntryRecord, entryKeyOf } from '../../../lib/registry/entry-record.js';
import { expectListing } from '../expect.js';
import { typed } from '../judge.js';
import { HastyClock } from '../hasty-clock.js';
import { anyJson } from '../mutation.js';
import { dataTarget } from '../target.js';

type Said = readonly [status: number, headers: Readonly<Record<string, string>>, body: unknown];

const ITEMS: readonly EntryRecord[] = [
  { kind: 'key', key: 'k', value: 'v' },
  {
    kind: 'instance',
    instance: completeInstance({ service: 'web', id: 'a', address: '10.0.0.1', port: 80 }),
  },
];

const said: fc.Arbitrary<Said> = fc.tuple(
  fc.constantFrom(200, 200, 200, 200, 204, 301, 400, 403, 404, 409, 429, 500, 503),
  fc.dictionary(
    fc.constantFrom('x-consul-index', 'x-consul-knownleader', 'x-consul-results-filtered-by-acls'),
    fc.constantFrom('0', '1', '-1', '99999999999999999999', 'true', 'false', 'x', ''),
  ),
  fc.oneof(
    { weight: 4, arbitrary: anyJson },
    {
      weight: 6,
      arbitrary: fc.constantFrom<unknown>(
        [],
        {},
        null,
        { ID: 'session' },
        { Results: [{ KV: { ModifyIndex: 7 } }] },
        { Errors: [{ What: 'invalid session' }] },
        { Errors: [{ What: 'lock delay' }] },
        { Errors: [null] },
        { Errors: {} },
        [{ Value: 'dg==', ModifyIndex: 3, Session: 's', Flags: 1 }],
        [{ Value: 5, ModifyIndex: 'x' }],
        [{ Service: { ID: 'a', Service: 'web', Port: 80 }, Node: { Address: '10.0.0.1' }, Checks: [] }],
        { a: { Service: 'web', Meta: { 'sidekick-owner': 'x' } } },
        '<html>',
      ),
    },
  ),
);

class ScriptedTransport implements Transport {
  private asked = 0;

  constructor(
    private readonly script: readonly Said[],
    private readonly count: () => void,
  ) {}

  async send(): Promise<RawResponse> {
    this.count();
    const [status, headers, body] = this.script[this.asked++ % this.script.length]!;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return await Promise.resolve({ status, headers, body: Buffer.from(text) });
  }

  close(): void {
    this.asked = 0;
  }
}

/** Calls every operation of a registry; it may only throw errors of the library. */
export default dataTarget<readonly Said[]>({
  name: 'consul-server',
  promise: 'for any response in place of Consul, each call ends, and only with errors of the library',
  share: 0.1,
  inputs: (corpus) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...corpus) },
      { weight: 9, arbitrary: fc.array(said, { minLength: 1, maxLength: 12 }) },
    ),
  run: async (script, count) => {
    const clock = new HastyClock();
    const transport = new ScriptedTransport(script, count);
    const client = new ConsulClient(consulSettings({}), clock, fixedToken('t'), {
      calls: transport,
      writes: transport,
      reads: transport,
      watches: transport,
    });
    const registry = new ConsulRegistry(client, clock);
    const { signal } = new AbortController();
    try {
      for (const record of ITEMS) {
        await typed(async () => {
          expectListing(await registry.list(entryKeyOf(record), signal));
        });
        await typed(async () => {
          const session = await registry.openSession({ ttl: 10 }, signal);
          await typed(() => session.write(record, undefined, signal));
          await typed(() => session.renew(signal));
          await typed(() => session.remove(entryKeyOf(record), signal));
          await session.end(signal);
        });
      }
      await typed(async () => {
        expectListing(await registry.list({ kind: 'service', service: 'web' }, signal));
      });
      await typed(async () => {
        let batches = 0;
        for await (const batch of registry.watch({ kind: 'service', service: 'web' }, 'c', signal)) {
          if (batch.kind === 'listing') expectListing(batch.listing);
          if ((batches += 1) === 5) break;
        }
      });
    } finally {
      await registry.close();
      clock.stop();
    }
  },
});
