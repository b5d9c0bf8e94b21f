import fc from 'fast-check';
import { completeInstance } from '../registry/instance.js';
import { decodeSnapshot, encodeSnapshot, type SnapshotList } from './snapshot-codec.js';

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((name) => !/\p{Cc}/u.test(name));
const port = fc.integer({ min: 1, max: 65_535 });
const odd = fc.constantFrom('__proto__', 'constructor', 'toString', '../x', 'plain');

const endpoints = (service: string) =>
  fc.uniqueArray(
    fc
      .record({
        id: fc.oneof(text, odd),
        port,
        weight: fc.integer({ min: 0, max: 65_535 }),
        address: fc.oneof(fc.ipV4(), fc.ipV6()),
        tags: fc.array(text, { maxLength: 3 }),
        meta: fc.dictionary(text, fc.string(), { maxKeys: 3 }),
        ports: fc.dictionary(text, port, { maxKeys: 3 }),
        zone: fc.option(text, { nil: undefined }),
      })
      .map(({ zone, ...rest }) =>
        completeInstance({ service, ...rest, ...(zone === undefined ? {} : { zone }) }),
      ),
    { selector: ({ id }) => id, maxLength: 5 },
  );

const lists: fc.Arbitrary<readonly SnapshotList[]> = fc.array(
  fc
    .oneof(text, odd)
    .chain((service) =>
      fc.record({ source: fc.constant({ service }), confirmedAtMs: fc.nat(), endpoints: endpoints(service) }),
    ),
  { maxLength: 4 },
);

describe('the snapshot codec', () => {
  it('decodes what it has encoded', () => {
    fc.assert(
      fc.property(lists, (given) => {
        expect(decodeSnapshot(encodeSnapshot(given))).toEqual(given);
      }),
      { numRuns: 200 },
    );
  });
});
