import fc from 'fast-check';
import { type RecordWithTtl, type SrvRecord } from 'node:dns';
import { DnsRegistry } from '../../../lib/registries/dns/dns-registry.js';
import { readDnsOptions } from '../../../lib/registries/dns/options.js';
import { type DnsResolver } from '../../../lib/registries/dns/resolver.js';
import { expectListing } from '../expect.js';
import { HastyClock } from '../hasty-clock.js';
import { anyJson } from '../mutation.js';
import { hosts, names, ports } from '../values.js';
import { dataTarget } from '../target.js';

interface Input {
  readonly service: string;
  readonly srv: unknown;
  readonly four: unknown;
  readonly six: unknown;
}

const number = fc.oneof(ports, fc.constantFrom<unknown>(-1, 1e300, 0.5));
const failure = fc.constantFrom('ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EBADRESP', '');
const orFailure = (records: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 6, arbitrary: records },
    { weight: 1, arbitrary: failure },
    { weight: 1, arbitrary: anyJson },
  );
const addresses = orFailure(
  fc.array(fc.record({ address: fc.oneof(hosts, anyJson), ttl: number }), { maxLength: 3 }),
);

/** Returns the given answers; a string is the code of a failure. */
async function answers<T>(given: unknown): Promise<T[]> {
  if (typeof given === 'string') throw Object.assign(new Error(`query failed ${given}`), { code: given });
  return await Promise.resolve(given as T[]);
}

function resolver({ srv, four, six }: Input): DnsResolver {
  return {
    resolveSrv: () => answers<SrvRecord>(srv),
    resolve4: () => answers<RecordWithTtl>(four),
    resolve6: () => answers<RecordWithTtl>(six),
    cancel: () => undefined,
  };
}

export default dataTarget<Input>({
  name: 'dns-answer',
  promise: 'what the DNS says is instances in every field, or a failure of the registry',
  share: 0.5,
  inputs: (corpus) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...corpus) },
      {
        weight: 9,
        arbitrary: fc.record({
          service: fc.oneof(fc.constant('web'), names),
          srv: orFailure(
            fc.array(
              fc.record({ name: fc.oneof(hosts, anyJson), port: number, priority: number, weight: number }),
              { maxLength: 3 },
            ),
          ),
          four: addresses,
          six: addresses,
        }),
      },
    ),
  run: async (input) => {
    const clock = new HastyClock();
    const settings = readDnsOptions({ domain: 'example.org', port: 80 });
    const registry = new DnsRegistry('dns:example.org', settings, resolver(input), clock);
    const { signal } = new AbortController();
    try {
      expectListing(await registry.list({ kind: 'service', service: input.service }, signal));
      expectListing(await registry.list({ kind: 'instance', service: input.service, id: 'a' }, signal));
    } finally {
      await registry.close();
      clock.stop();
    }
  },
});
