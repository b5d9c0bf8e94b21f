/**
 * Milliseconds of the machine's monotonic clock: comparable between processes, unlike `performance.now()`.
 *
 * @returns {number}
 */
export function monotonic() {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
