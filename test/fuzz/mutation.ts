import fc from 'fast-check';

/** One change of a string: at a position, deletes some characters, inserts a string, and repeats some of the original. */
interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
  readonly copy: number;
}

/** Pieces that are difficult for readers of any format. */
const PIECES: readonly string[] = [
  ...Array.from('{}[](),:;|"\'`\\/*$.-+=%#?&@<>!^~_0129 \t\n\r\0\ufeff\u200b\u202e\u2028\u{1d173}é☃😀'),
  'e\u0301',
  '//',
  '/*',
  '../',
  '%2e%2e/',
  '%00',
  '%',
  '%zz',
  'null',
  'true',
  'NaN',
  'Infinity',
  '-0',
  '-1',
  '1e999',
  '0x',
  '65536',
  '9223372036854775808',
  '__proto__',
  '"__proto__":',
  'constructor',
  'prototype',
  'toString',
  '\\u0000',
  '\\ud800',
  '\\xff',
];

/** Maximum repetitions of a piece: enough to distinguish linear from superlinear time. */
const STRETCH = 100_000;
/** Frequency of stretching a string: one edit in this number. */
const STRETCH_ONE_IN = 400;

function edits(dictionary: readonly string[]): fc.Arbitrary<Edit> {
  const piece = fc.constantFrom(...PIECES, ...dictionary);
  const at = fc.nat(20_000);
  return fc.oneof(
    {
      weight: STRETCH_ONE_IN,
      arbitrary: fc.record({
        at,
        remove: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
        insert: fc.oneof({ weight: 6, arbitrary: piece }, fc.string({ maxLength: 4, unit: 'binary' })),
        copy: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(40)),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        at,
        remove: fc.constant(0),
        insert: fc
          .tuple(piece, fc.integer({ min: 1, max: STRETCH }))
          .map(([text, times]) => text.repeat(times)),
        copy: fc.constant(0),
      }),
    },
  );
}

function edited(text: string, changes: readonly Edit[]): string {
  return changes.reduce((before, { at, remove, insert, copy }) => {
    const start = at % (before.length + 1);
    const behind = start + remove;
    return before.slice(0, start) + insert + before.slice(behind, behind + copy) + before.slice(behind);
  }, text);
}

/** Texts made of those of a corpus by a few changes, and some with no such beginning. */
export function mutatedTexts(
  corpus: readonly string[],
  dictionary: readonly string[] = [],
): fc.Arbitrary<string> {
  const start = fc.constantFrom('', ...corpus.filter((text) => text.length < 20_000));
  const changes = fc.array(edits(dictionary), { minLength: 1, maxLength: 5 });
  return fc.tuple(start, changes).map(([text, list]) => edited(text, list));
}

/** Like {@link mutatedTexts}, down to single bits. */
export function mutatedBytes(
  corpus: readonly Buffer[],
  dictionary: readonly string[] = [],
): fc.Arbitrary<Buffer> {
  const texts = corpus.map((bytes) => bytes.toString('latin1'));
  const words = [...PIECES, ...dictionary].map((word) => Buffer.from(word).toString('latin1'));
  const asBytes = (text: string): Buffer => Buffer.from(text, 'latin1');
  const flips = fc.array(fc.tuple(fc.nat(20_000), fc.nat(7)), { maxLength: 3 });
  return fc.oneof(
    { weight: 6, arbitrary: mutatedTexts(texts, words).map(asBytes) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(...corpus, Buffer.alloc(1)), flips).map(([bytes, places]) => {
        const copy = Buffer.from(bytes);
        if (copy.length > 0) for (const [at, bit] of places) copy[at % copy.length]! ^= 1 << bit;
        return copy;
      }),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  );
}

/** Anything JSON can say. */
export const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 65_536, 1e300, '', 'x', [], {}, [null], '\ud800'),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constant('__proto__').map((name) => JSON.parse(`{"${name}":{"polluted":true}}`) as unknown),
);

type Change = readonly [at: number, change: 'replace' | 'remove' | 'double' | 'nest', value: unknown];

/** Replaces, removes, doubles or nests the `at`-th part of a JSON value. */
function changed(root: unknown, [at, change, value]: Change): unknown {
  let left = at % Math.max(1, count(root));
  const visit = (node: unknown): unknown => {
    if (left-- === 0) return change === 'nest' ? [node] : value;
    if (Array.isArray(node))
      return node.flatMap((record: unknown) => {
        const hit = left === 0;
        const next = visit(record);
        if (!hit) return [next];
        return change === 'remove' ? [] : change === 'double' ? [record, record] : [next];
      });
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).flatMap(([name, record]: [string, unknown]) => {
        const hit = left === 0;
        const next = visit(record);
        if (!hit || change === 'replace' || change === 'nest') return [[name, next]];
        return change === 'remove'
          ? []
          : [
              [name, record],
              [`${name}2`, record],
            ];
      }),
    );
  };
  return visit(root);
}

function count(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 1;
  return Object.values(node).reduce((sum: number, record) => sum + count(record), 1);
}

/** JSON values made of those of a corpus by a few changes of their parts. */
export function mutatedJson(
  corpus: readonly unknown[],
  values: fc.Arbitrary<unknown> = anyJson,
): fc.Arbitrary<unknown> {
  const change: fc.Arbitrary<Change> = fc.tuple(
    fc.nat(2_000),
    fc.constantFrom('replace', 'replace', 'replace', 'remove', 'double', 'nest'),
    fc.oneof({ weight: 3, arbitrary: values }, anyJson),
  );
  return fc
    .tuple(fc.constantFrom(...corpus), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([value, changes]) => changes.reduce(changed, value));
}

/** The inputs of a corpus that are JSON and not too deep to be written again. */
export function jsonOf(corpus: readonly (Buffer | string)[]): readonly unknown[] {
  return corpus.flatMap((bytes) => {
    try {
      const value: unknown = JSON.parse(bytes.toString());
      JSON.stringify(value);
      return count(value) > 1_000 ? [] : [value];
    } catch {
      return [];
    }
  });
}

/** A value as JSON; what JSON has no word for as null. */
export function jsonText(value: unknown): string {
  return JSON.stringify([value]).slice(1, -1);
}
