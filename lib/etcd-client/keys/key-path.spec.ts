import { InvalidOptionError } from '../../common/errors/index.js';
import { canonicalKey, KeyPath, MAX_REQUEST_BYTES, rangeEnd } from './key-path.js';

describe('canonicalKey (TestV2KeysURLHelper)', () => {
  it.each([
    ['', '/'],
    ['/', '/'],
    ['foo', '/foo'],
    ['/foo/bar', '/foo/bar'],
    ['//foo///bar', '/foo/bar'],
    ['/foo/', '/foo/'],
    ['foo//', '/foo/'],
    ['/a.b/..c/...', '/a.b/..c/...'],
    ['/__proto__', '/__proto__'],
    ['/%2e%2e/', '/%2e%2e/'],
  ])('%j is %j', (key, canonical) => {
    expect(canonicalKey(key)).toBe(canonical);
  });

  it.each([['a\0b'], ['/a/../b'], ['..'], ['/a/./b'], ['/a/..'], ['\ud800'], [7], [undefined], [null]])(
    'refuses %j',
    (key) => {
      expect(() => canonicalKey(key)).toThrow(InvalidOptionError);
      expect(() => canonicalKey(key)).toThrow(/^Expected `key` to be a key without NUL/);
    },
  );

  it('refuses a key that exceeds the size of a request, without printing it', () => {
    expect(canonicalKey('ü'.repeat(MAX_REQUEST_BYTES / 2))).toHaveLength(MAX_REQUEST_BYTES / 2 + 1);
    expect(() => canonicalKey('ü'.repeat(MAX_REQUEST_BYTES / 2 + 1))).toThrow(
      `Expected \`key\` to be a key of at most 1572864 bytes, got "1572866 bytes".`,
    );
  });
});

describe('KeyPath', () => {
  it('has the node, its directory and its ancestors', () => {
    const path = KeyPath.of('/a/b/c/');
    expect(path).toMatchObject({ key: '/a/b/c', directory: '/a/b/c/', slashed: true, root: false });
    expect(path.ancestors.map(({ key }) => key)).toEqual(['/a', '/a/b']);
    expect(path.child('d').key).toBe('/a/b/c/d');
    expect(KeyPath.of('a').ancestors).toEqual([]);
  });

  it('recognizes the root', () => {
    expect(KeyPath.of('')).toMatchObject({ key: '/', directory: '/', root: true });
    expect(KeyPath.of('/').child('a').key).toBe('/a');
    expect(KeyPath.of('/').ancestors).toEqual([]);
  });
});

describe('rangeEnd', () => {
  it('sorts after all keys below the directory, and before the next name', () => {
    expect(rangeEnd('/a/')).toBe('/a0');
    expect('/a/\u{10ffff}' < rangeEnd('/a/') && rangeEnd('/a/') < '/a1').toBe(true);
  });
});
