/**
 * How often a randomised test runs: `few` times in the project `unit`, and `many` times in the project `long`, which plays the
 * same spec again (`MORE_RUNS` in `jest.config.js`).
 */
export function runs(few: number, many: number): number {
  return 'LONG_RUNS' in globalThis ? many : few;
}
