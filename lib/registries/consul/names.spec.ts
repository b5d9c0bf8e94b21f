import fc from 'fast-check';
import { posix } from 'node:path';
import { agentIds, anyCaseFilter, encodeName, idFilter, sizeInFilter } from './names.js';

const awkward = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.string({ unit: fc.constantFrom('/', '.', '%', '2', 'E', 'e', 'a', ':'), minLength: 1, maxLength: 8 }),
);

describe('encodeName', () => {
  it('returns an ordinary name unchanged', () => {
    for (const name of ['web', 'a/b/c', 'web-1.example.org', 'Grüße 🚀', 'a:b', '__proto__', 'trailing/'])
      expect(encodeName(name)).toBe(name);
  });

  it('percent-encodes unprintable characters', () => {
    expect(encodeName('\u202eabc\ufeff\u00a0')).toBe('%E2%80%AEabc%EF%BB%BF%C2%A0');
    expect(encodeName('%E2%80%AEabc')).toBe('%25E2%2580%25AEabc');
  });

  it('returns distinct strings for distinct names', () => {
    fc.assert(
      fc.property(awkward, awkward, (one, two) => {
        fc.pre(one !== two);
        expect(encodeName(one)).not.toBe(encodeName(two));
      }),
    );
  });

  it('returns names that path normalization does not change', () => {
    fc.assert(
      fc.property(awkward, (name) => {
        const path = `/v1/kv/${encodeName(name)}`;
        expect(posix.normalize(path)).toBe(path);
      }),
    );
  });
});

describe('agentIds', () => {
  it('returns qualified ids that are distinct regardless of case', () => {
    fc.assert(
      fc.property(awkward, awkward, awkward, awkward, (a, b, c, d) => {
        fc.pre(a !== c || b !== d);
        const [one, two] = [agentIds(a, b).qualified, agentIds(c, d).qualified];
        expect(one.toLowerCase()).not.toBe(two.toLowerCase());
        expect(one).toBe(one.toLowerCase());
      }),
    );
  });
});

describe('idFilter and anyCaseFilter', () => {
  it('quote safe ids and return undefined for others', () => {
    expect(idFilter('ID', ['a', 'b:c'])).toBe('ID == "a" or ID == "b:c"');
    expect(idFilter('ID', ['a"b'])).toBeUndefined();
    expect(idFilter('ID', ['a', 'b', 'c.d', 'e', 'f'])).toBe('ID matches "^(?:a|b|c[.]d|e|f)$"');
    expect(anyCaseFilter('ID', ['a.b', 'c'])).toBe('ID matches "(?i)^(?:a[.]b|c)$"');
    expect(anyCaseFilter('ID', ['c', 'a(b'])).toBeUndefined();
  });

  it('are as long in a URL as the sizes of their ids, but for what surrounds them', () => {
    const ids = Array.from({ length: 100 }, (_, n) => `10.20.30.${n}:8080`);
    const { length } = encodeURIComponent(anyCaseFilter('ID', ids)!);
    const size = ids.reduce((sum, id) => sum + sizeInFilter(id), 0);
    expect(length).toBeGreaterThan(size);
    expect(length).toBeLessThan(size + 100);
  });
});
