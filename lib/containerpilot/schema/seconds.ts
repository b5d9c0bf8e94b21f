import { type Cursor } from '../cursor.js';
import { parseDuration } from '../parse-duration.js';

const MAX_SECONDS = 2_147_483;

/** Reads a number of seconds, at least 1: a number, digits in quotes, or a duration such as "10s" without a fraction. */
export function readSeconds(value: Cursor): number | undefined {
  const what = 'a number of seconds, at least 1';
  const duration = value.node.kind === 'string' ? parseDuration(value.node.value.trim()) : undefined;
  if (duration === undefined || duration === 0) return value.integer(1, MAX_SECONDS, what);
  const seconds = duration / 1_000;
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS ? seconds : value.expected(what);
}
