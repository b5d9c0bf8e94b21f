import { InvalidOptionError } from '../../common/errors/index.js';
import { checkDelete, checkGet, checkSet, checkValue, checkWatcher, refuseOptions } from './check-options.js';
import { KeyPath } from './key-path.js';
import { type SetOptions } from './options.js';

const path = KeyPath.of('/foo');

describe('checkSet (TestSetAction)', () => {
  it.each<[string, SetOptions]>([
    ['nothing', {}],
    ['prevExist', { prevExist: true, prevValue: 'bar baz' }],
    ['no prevExist', { prevExist: false }],
    ['prevIndex', { prevIndex: 12 }],
    ['an empty prevValue', { prevValue: '' }],
    ['a TTL', { ttl: 180 }],
    ['refresh', { ttl: 180, refresh: true }],
    ['dir with prevValue, which is ignored', { dir: true, prevValue: 'bar' }],
    ['dir with prevExist', { dir: true, prevExist: true }],
    ['a signal', { signal: new AbortController().signal }],
  ])('accepts %s', (_, options) => {
    expect(() => checkSet(options)).not.toThrow();
  });

  it.each([
    [{ ttl: 0 }, 'Expected `ttl` to be an integer of seconds from 1 to 9000000000, got 0.'],
    [{ ttl: -1 }, '`ttl`'],
    [{ ttl: 1.5 }, '`ttl`'],
    [{ ttl: '10' }, '`ttl`'],
    [{ ttl: NaN }, '`ttl`'],
    [{ ttl: Infinity }, '`ttl`'],
    [{ refresh: true }, 'Expected `ttl` to be an integer of seconds with `refresh`, got undefined.'],
    [{ prevExist: 'yes' }, '`prevExist`'],
    [{ prevIndex: 0 }, '`prevIndex`'],
    [{ prevIndex: '12' }, '`prevIndex`'],
    [{ prevValue: 7 }, '`prevValue`'],
    [{ dir: 1 }, '`dir`'],
    [{ refresh: 'no', ttl: 1 }, '`refresh`'],
    [{ noValueOnSuccess: 0 }, '`noValueOnSuccess`'],
    [{ signal: {} }, '`signal`'],
    [{ prevExist: false, prevValue: 'a' }, '`prevValue` to be left out when `prevExist` is false'],
    [{ prevExist: false, prevIndex: 1 }, '`prevIndex` to be left out when `prevExist` is false'],
    [{ prevExist: false, refresh: true, ttl: 1 }, '`refresh` to be left out'],
    [{ dir: true, prevIndex: 1 }, '`prevIndex` to be left out for a directory'],
    [null, '`options`'],
  ])('refuses %j', (options, message) => {
    const check = (): void => checkSet(options as SetOptions);
    expect(check).toThrow(InvalidOptionError);
    expect(check).toThrow(message);
  });
});

describe('checkValue', () => {
  it('accepts a string, and undefined as the empty one', () => {
    expect(checkValue(path, 'bar', {})).toBe('bar');
    expect(checkValue(path, undefined, {})).toBe('');
  });

  it('ignores the value of a directory', () => {
    expect(checkValue(path, { not: 'a string' }, { dir: true })).toBe('');
  });

  it('refuses a value with refresh, without its content in the message', () => {
    expect(() => checkValue(path, 'secret', { refresh: true, ttl: 1 })).toThrow(
      'Expected `value` to be left out with `refresh`, got "a string".',
    );
    expect(checkValue(path, '', { refresh: true, ttl: 1 })).toBe('');
    expect(() => checkValue(path, 12, {})).toThrow('Expected `value` to be a string, got "number".');
  });

  it('refuses a value that exceeds the size of a request', () => {
    expect(() => checkValue(path, 'x'.repeat(1_572_861), {})).toThrow('at most 1572864 bytes together');
    expect(checkValue(path, 'x'.repeat(1_572_860), {})).toHaveLength(1_572_860);
  });
});

describe('the other checks', () => {
  it('refuse options that the call sets itself', () => {
    expect(() => refuseOptions('create', { prevExist: true }, ['prevExist'])).toThrow(
      'Expected `prevExist` to be left out in `create`, got true.',
    );
    expect(() => refuseOptions('create', { ttl: 1 }, ['prevExist'])).not.toThrow();
  });

  it('refuse options of the wrong type', () => {
    expect(() => checkGet({ quorum: 'no' })).toThrow('`quorum`');
    expect(() => checkGet({ recursive: 1 })).toThrow('`recursive`');
    expect(() => checkGet({ sort: null })).toThrow('`sort`');
    expect(() => checkDelete({ dir: 'x' as never })).toThrow('`dir`');
    expect(() => checkDelete({ prevIndex: -1 })).toThrow('`prevIndex`');
    expect(() => checkWatcher({ afterIndex: -1 })).toThrow('`afterIndex`');
    expect(() => checkWatcher({ afterIndex: 0, recursive: true })).not.toThrow();
  });
});
