import { type Clock } from '../common/clock.js';

/**
 * Parses `Retry-After`: seconds, or a date. Returns milliseconds; undefined without a valid value.
 */
export function retryAfterMs(value: string | undefined, clock: Clock): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.wall());
}
