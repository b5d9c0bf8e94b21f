import { type Cursor } from '../cursor.js';
import { parseDuration } from '../duration.js';

const MOST = 2_147_483;

/** Reads seconds, at least 1: a number, digits in quotes, or a duration of whole seconds such as "10s". */
export function readSeconds(value: Cursor): number | undefined {
  const what = 'a number of seconds, at least 1';
  const duration = value.node.kind === 'string' ? parseDuration(value.node.value.trim()) : undefined;
  if (duration === undefined || duration === 0) return value.integer(1, MOST, what);
  const seconds = duration / 1_000;
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= MOST ? seconds : value.expected(what);
}
