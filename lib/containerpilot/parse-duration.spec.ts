import { parseDuration } from './parse-duration.js';

describe('parseDuration', () => {
  it.each([
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['5.s', 5_000],
    ['100ms', 100],
    ['1500us', 1.5],
    ['1µs', 0.001],
    ['2μs', 0.002],
    ['0', 0],
    ['-3s', -3_000],
    ['+3s', 3_000],
    ['2h45m0.5s', 9_900_500],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBeCloseTo(milliseconds, 9);
  });

  it.each(['', '10', 's', '1x', '1 s', '10s ', '1.2.3s', '--1s', '.s', '1e3s', '9999999999999h', 'ſ'])(
    'returns undefined for "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});
