import fc from 'fast-check';
import { completeInstance, type Instance } from '../../registry/instance.js';
import { readHealthEntry, toEntry } from './health-entry.js';
import { unpackData } from './instance-data.js';
import { consulSettings } from './options.js';
import { registrationBody } from './registration.js';

const OPTIONS = {
  agentId: 'web-1',
  owner: 'aaaaaaaaaaaa',
  writeId: 'w1',
  ttl: 10,
  status: 'passing',
  settings: consulSettings({}),
} as const;

/** The health entry that Consul creates from a registration. */
function inCatalogue(body: Readonly<Record<string, unknown>>): unknown {
  return {
    Node: { Node: 'n1', Address: '10.9.9.9' },
    Service: { ...(JSON.parse(JSON.stringify(body)) as object), Service: body.Name, ModifyIndex: 7 },
    Checks: [{ CheckID: 'service:web-1', Status: 'passing', ServiceID: 'web-1', Output: '' }],
  };
}

const name = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  fc.constantFrom('__proto__', 'constructor', 'lan', 'wan_ipv4', 'consul-x', 'sidekick-y', 'ok', 'a.b'),
);

const instances: fc.Arbitrary<Instance> = fc
  .record({
    service: fc.constant('web'),
    id: fc.oneof(fc.constant('web-1'), name),
    address: fc.constantFrom('10.0.0.1', '2001:db8::1', 'web.example.org'),
    port: fc.integer({ min: 1, max: 65_535 }),
    ports: fc.dictionary(name, fc.integer({ min: 1, max: 65_535 }), { maxKeys: 4 }),
    tags: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }),
    meta: fc.dictionary(name, fc.string({ unit: 'grapheme', maxLength: 700 }), { maxKeys: 6 }),
    weight: fc.integer({ min: 0, max: 65_535 }),
    zone: fc.string({ unit: 'grapheme', maxLength: 600 }),
  })
  .map(completeInstance);

describe('registrationBody', () => {
  it('preserves every field of an instance', () => {
    fc.assert(
      fc.property(instances, (instance) => {
        const body = registrationBody(instance, OPTIONS);
        if (!body) return;
        const entry = readHealthEntry('web', inCatalogue(body));
        expect(entry && toEntry('web', entry)).toEqual({
          record: { kind: 'instance', instance },
          version: '7@n1/w1',
          owner: 'aaaaaaaaaaaa',
        });
      }),
    );
  });

  it("respects the limits of Consul's metadata", () => {
    fc.assert(
      fc.property(instances, (instance) => {
        const meta = registrationBody(instance, OPTIONS)?.Meta as Record<string, string> | undefined;
        const pairs = Object.entries(meta ?? {});
        expect(pairs.length).toBeLessThanOrEqual(64);
        for (const [key, value] of pairs) {
          expect(key).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
          expect(Buffer.byteLength(value)).toBeLessThanOrEqual(512);
        }
      }),
    );
  });

  it('is undefined when an instance exceeds the limits', () => {
    const meta = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k.${n}`, 'x'.repeat(512)]));
    expect(
      registrationBody(
        completeInstance({ service: 'web', id: 'web-1', address: 'a', port: 1, meta }),
        OPTIONS,
      ),
    ).toBeUndefined();
  });
});

describe('readHealthEntry', () => {
  it('returns undefined for arbitrary JSON and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(readHealthEntry('web', value)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('returns a record or a reason for anything with a service id', () => {
    const anything = fc.jsonValue({ maxDepth: 2 });
    const element = fc.record({
      Node: fc.oneof(anything, fc.record({ Node: anything, Address: anything })),
      Service: fc.record({
        ID: fc.oneof(fc.constant('x'), anything),
        Service: anything,
        Address: anything,
        Port: fc.oneof(fc.constant(80), anything),
        Tags: anything,
        Meta: anything,
        Weights: anything,
        TaggedAddresses: anything,
        Locality: anything,
        ModifyIndex: anything,
      }),
      Checks: fc.oneof(anything, fc.array(anything)),
    });
    fc.assert(
      fc.property(element, (value) => {
        const entry = readHealthEntry('web', value);
        if (!entry) return;
        const read = toEntry('web', entry);
        expect('record' in read || read.reason.length > 0).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('detects damaged packed data', () => {
    for (const text of [
      'rubbish',
      Buffer.from('[]').toString('base64'),
      Buffer.from('{"id":1}').toString('base64'),
    ])
      expect(unpackData({ 'sidekick-data-0': text })).toBeUndefined();
  });
});
