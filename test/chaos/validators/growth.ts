import { type Event } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';

function values(
  recording: readonly Event[],
  who: string,
  what: string,
  when: 'before' | 'after',
): readonly number[] {
  return ofKind(recording, 'measured')
    .filter((event) => event.who === who && event.what === what && event.when === when)
    .map(({ value }) => value);
}

function blame(recording: readonly Event[], promise: string, who: string, text: string): Finding {
  return { promise, who, at: recording.at(-1)?.at ?? 0, text };
}

/** No growth: no figure taken after is more than `share` above the last one taken before. Both have to be taken. */
export function noGrowth(recording: readonly Event[], who: string, what: string, share: number): Finding[] {
  const before = values(recording, who, what, 'before').at(-1);
  const after = values(recording, who, what, 'after');
  const most = Math.max(...after);
  if (before !== undefined && after.length > 0 && most <= before * (1 + share)) return [];
  const text = `Expected ${what} to grow by ${share * 100} % at most, from ${before ?? 'a figure that was never taken'}, got ${after.join(', ') || 'no figure'}.`;
  return [blame(recording, 'no growth', who, text)];
}

/** Nothing left: the figure taken last is not above what it was before, or above `most` where one is given. */
export function nothingLeft(
  recording: readonly Event[],
  who: string,
  what: string,
  most?: number,
): Finding[] {
  const before = most ?? values(recording, who, what, 'before').at(-1);
  const after = values(recording, who, what, 'after').at(-1);
  if (before !== undefined && after !== undefined && after <= before) return [];
  const text = `Expected no more ${what} than ${before ?? '(never counted)'}, got ${after ?? 'no figure'}.`;
  return [blame(recording, 'nothing left', who, text)];
}

/** Exactly so much more: the figure taken last is `by` above what it was before. */
export function grewBy(recording: readonly Event[], who: string, what: string, by: number): Finding[] {
  const before = values(recording, who, what, 'before').at(-1);
  const after = values(recording, who, what, 'after').at(-1);
  if (before !== undefined && after === before + by) return [];
  const text = `Expected ${by} more ${what} than ${before ?? '(never counted)'}, got ${after ?? 'no figure'}.`;
  return [blame(recording, 'exactly so much more', who, text)];
}

/** Enough: the figure taken last is at least `least`. */
export function atLeast(recording: readonly Event[], who: string, what: string, least: number): Finding[] {
  const after = values(recording, who, what, 'after').at(-1);
  if (after !== undefined && after >= least) return [];
  const text = `Expected at least ${least} ${what}, got ${after ?? 'no figure'}.`;
  return [blame(recording, 'enough', who, text)];
}
