import fc from 'fast-check';

/** Names that trip up paths, objects, URLs and file systems. */
const NASTY_NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  '.',
  '..',
  '/',
  '//',
  'a/',
  '/a',
  'a//b',
  '../../etc/passwd',
  '%2e%2e/',
  '%2E',
  '%',
  '%%',
  'a@1',
  'a:b',
  'a\0b',
  'a\nb',
  'a\u007fb',
  '\ud800',
  'a\udc00b',
  'ä',
  'a\u0308',
  'Ä',
  'web',
  'WEB',
  'web ',
  ' web',
  '\u202eabc',
  '\u200f',
  '\ufeff',
  'con',
  '.sessions',
  'x'.repeat(1_024),
  'x'.repeat(1_025),
  'ü'.repeat(512),
  'ü'.repeat(513),
  'y'.repeat(10_240),
];

/** Names, most of them nasty; some are none. */
export const names: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY_NAMES),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.string({ unit: fc.constantFrom('/', '.', '%', '2', 'E', 'e', 'a', 'A', ':', '@', ' '), maxLength: 8 }),
);

/** Returns names that could be confused with `name`. */
function twinsOf(name: string): readonly string[] {
  const encoded = name.isWellFormed() ? encodeURIComponent(name) : name;
  return [
    name,
    name.toUpperCase(),
    name.toLowerCase(),
    name.normalize('NFC'),
    name.normalize('NFD'),
    name.normalize('NFKC'),
    encoded,
    encoded.toLowerCase(),
    name.toWellFormed(),
    name.trim(),
    `${name}/`,
    `/${name}`,
    `${name}\0`,
    name.replaceAll('/', '%2F'),
    name.replaceAll('.', '%2E'),
    name.replaceAll('%', '%25'),
  ];
}

/** Two names that are alike, and may be the same. */
export const twins: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.tuple(names, names),
  names.chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...twinsOf(name)))),
);

/** Valid and invalid hosts. */
export const hosts: fc.Arbitrary<string> = fc.oneof(
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.domain(),
  fc.constantFrom(
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '::10.0.0.1',
    'fe80::1%eth0',
    'fe80::1%',
    '64:ff9b::10.0.0.1',
    '0:0:0:0:0:ffff:10.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '010.0.0.1',
    '10.0.0.1.',
    'web.',
    '.',
    '-a',
    'a_b',
    'a..b',
    '[::1]',
    'xn--a',
    'ä.example',
    'a'.repeat(254),
    'localhost',
  ),
  fc.string({ maxLength: 12 }),
);

/** Valid and invalid ports. */
export const ports: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer({ min: 1, max: 65_535 }),
  fc.constantFrom<unknown>(
    0,
    -1,
    65_535,
    65_536,
    1.5,
    NaN,
    Infinity,
    '80',
    null,
    undefined,
    '0x50',
    ' 80',
    '080',
  ),
);
