import fc from 'fast-check';
import { InvalidOptionError } from '../kernel/errors/index.js';
import { readEntryText } from './file/entry-file.js';
import { readVersionName, stemOf, versionName } from './file/layout.js';
import { readSessionFile } from './file/session-file.js';
import { readInstance } from './instance-shape.js';
import { registrySource } from './url.js';

/** Many more in the long form. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 500);

/** Passes what `read` gives, and the one error it may throw. */
function typed(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as Error).message.length).toBeLessThan(1_000);
  }
}

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 });

/** Something like an entry, with anything where its parts are. */
const almostEntry = fc.record(
  {
    format: fc.oneof(fc.constant(1), fc.anything()),
    session: fc.oneof(fc.string(), fc.anything()),
    key: fc.oneof(name, fc.anything()),
    value: fc.oneof(fc.string(), fc.anything()),
    instance: fc.oneof(
      fc.anything(),
      fc.record(
        {
          service: fc.oneof(name, fc.anything()),
          id: fc.oneof(name, fc.anything()),
          address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.anything()),
          port: fc.oneof(fc.nat(70_000), fc.anything()),
          ports: fc.oneof(fc.dictionary(fc.string(), fc.nat(70_000)), fc.anything()),
          tags: fc.oneof(fc.array(fc.string()), fc.anything()),
          meta: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.anything()),
          weight: fc.oneof(fc.nat(70_000), fc.anything()),
          zone: fc.oneof(fc.string(), fc.anything()),
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: [] },
);

function json(value: unknown): string {
  try {
    return JSON.stringify({ value }).slice('{"value":'.length, -1);
  } catch {
    return '{';
  }
}

describe('input from outside', () => {
  it('in files is understood or refused with the one typed error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), almostEntry.map(json)), (text) => {
        typed(() => readEntryText(text));
        typed(() => readSessionFile(text));
      }),
      { numRuns: RUNS },
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('makes an instance with every field of the right kind, or none', () => {
    fc.assert(
      fc.property(almostEntry, ({ instance }) => {
        typed(() => {
          const read = readInstance('instance', instance);
          expect(Object.values(read.meta).every((value) => typeof value === 'string')).toBe(true);
          expect(read.weight).toBeGreaterThanOrEqual(0);
          expect(read.port).toBeGreaterThan(0);
        });
      }),
      { numRuns: RUNS },
    );
  });

  it('in URLs is understood or refused with the one typed error', () => {
    const scheme = fc.constantFrom(
      'memory:',
      'file:',
      'fixed:',
      'dns:',
      'consul://',
      'etcd://',
      'http://',
      'https://',
      'x:',
      '',
    );
    fc.assert(
      fc.property(
        scheme,
        fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl(), fc.domain()),
        (start, rest) => {
          typed(() => registrySource(start + rest, {}));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('in names gives file names that are apart and within the folder', () => {
    const wellFormed = name.filter((one) => one.isWellFormed());
    fc.assert(
      fc.property(wellFormed, wellFormed, fc.nat(), (one, two, number) => {
        const { file } = versionName(stemOf(one), number);
        expect(file).not.toMatch(/[/\\\0]|^\./);
        expect(Buffer.byteLength(file)).toBeLessThan(256);
        expect(readVersionName(file)).toEqual({ stem: stemOf(one), number, file });
        expect(stemOf(one).toLowerCase() === stemOf(two).toLowerCase()).toBe(one === two);
      }),
      { numRuns: RUNS },
    );
  });
});
