import fc from 'fast-check';
import { posix } from 'node:path';
import { agentIds, anyCaseFilter, encodeName, idFilter } from './names.js';

const awkward = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.string({ unit: fc.constantFrom('/', '.', '%', '2', 'E', 'e', 'a', ':'), minLength: 1, maxLength: 8 }),
);

describe('encodeName', () => {
  it('leaves an ordinary name as it is', () => {
    for (const name of ['web', 'a/b/c', 'web-1.example.org', 'Grüße 🚀', 'a:b', '__proto__', 'trailing/'])
      expect(encodeName(name)).toBe(name);
  });

  it('writes what cannot be printed in a form that can', () => {
    expect(encodeName('\u202eabc\ufeff\u00a0')).toBe('%E2%80%AEabc%EF%BB%BF%C2%A0');
    expect(encodeName('%E2%80%AEabc')).toBe('%25E2%2580%25AEabc');
  });

  it('is distinct for distinct names', () => {
    fc.assert(
      fc.property(awkward, awkward, (one, two) => {
        fc.pre(one !== two);
        expect(encodeName(one)).not.toBe(encodeName(two));
      }),
    );
  });

  it('survives the cleaning of paths', () => {
    fc.assert(
      fc.property(awkward, (name) => {
        const path = `/v1/kv/${encodeName(name)}`;
        expect(posix.normalize(path)).toBe(path);
      }),
    );
  });
});

describe('agentIds', () => {
  it('keeps the qualified id apart whatever the capital letters', () => {
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

describe('the filters', () => {
  it('quote what is safe and leave out the rest', () => {
    expect(idFilter('ID', ['a', 'b:c'])).toBe('ID == "a" or ID == "b:c"');
    expect(idFilter('ID', ['a"b'])).toBeUndefined();
    expect(anyCaseFilter('ID', 'a.b')).toBe('ID matches "(?i)^a[.]b$"');
    expect(anyCaseFilter('ID', 'a(b')).toBeUndefined();
  });
});
