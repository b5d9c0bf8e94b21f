import { type Event, type EventOf } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';

/** A time from `from` to `to`, in milliseconds of the recording's clock. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The readings of one key, in the order the store answered them. */
export function readingsOf(recording: readonly Event[], key: string): EventOf<'reading'>[] {
  return ofKind(recording, 'reading')
    .filter((reading) => reading.key === key)
    .sort((a, b) => a.revision - b.revision || a.at - b.at);
}

export interface PresenceOptions {
  /** When the key has to be there; from the first reading that found it to the end of the recording by default. */
  readonly during?: Span;
  /** When it may be away all the same. A reading counts as within when any moment of it may be. */
  readonly except?: readonly Span[];
}

/** No gap: no reading finds the key gone while it has to be there. At least one has to find it. */
export function noGap(recording: readonly Event[], key: string, options: PresenceOptions = {}): Finding[] {
  const readings = readingsOf(recording, key);
  const first = readings.find(({ present }) => present);
  if (!first)
    return [
      {
        promise: 'no gap',
        who: key,
        at: 0,
        text: `Expected "${key}" to be there, no reader ever saw it.`,
        timed: true,
      },
    ];
  const { during = { from: first.at, to: Infinity }, except = [] } = options;
  return readings
    .filter(({ present, began, at }) => !present && began >= during.from && at <= during.to)
    .filter((reading) => !except.some((span) => reading.at >= span.from && reading.began <= span.to))
    .map(({ began, at }) => ({
      promise: 'no gap',
      who: key,
      at,
      text: `Expected "${key}" to be there, a read from ${Math.round(began)} to ${Math.round(at)} ms found it gone.`,
      timed: true,
    }));
}

/** Gone for good: no reading that began after `since` finds the key. At least one has to have looked. */
export function goneSince(recording: readonly Event[], key: string, since: number): Finding[] {
  const after = readingsOf(recording, key).filter(({ began }) => began >= since);
  const blame = (at: number, text: string): Finding => ({ promise: 'gone for good', who: key, at, text });
  if (after.length === 0)
    return [blame(since, `Expected a look at "${key}" after it was deregistered, got none.`)];
  return after
    .filter(({ present }) => present)
    .map(({ at }) =>
      blame(at, `Expected "${key}" to stay away after its withdrawal, a read found it again.`),
    );
}

/** Away: every reading that was begun and answered in `span` finds the key gone. At least one has to have looked. */
export function awayDuring(recording: readonly Event[], key: string, span: Span): Finding[] {
  const within = readingsOf(recording, key).filter(({ began, at }) => began >= span.from && at <= span.to);
  const blame = (at: number, text: string): Finding => ({ promise: 'away', who: key, at, text, timed: true });
  if (within.length === 0) return [blame(span.from, `Expected a look at "${key}" while it had to be away.`)];
  return within
    .filter(({ present }) => present)
    .map(({ at }) => blame(at, `Expected "${key}" to be away, a read found it.`));
}

/** Back in time: a reading finds the key there at the latest `within` milliseconds after `since`. */
export function backWithin(
  recording: readonly Event[],
  key: string,
  since: number,
  within: number,
): Finding[] {
  const back = readingsOf(recording, key).find(({ present, began }) => present && began >= since);
  if (back && back.began - since <= within) return [];
  const took = back ? `after ${Math.round(back.began - since)} ms` : 'never';
  const text = `Expected "${key}" back within ${within} ms, it was seen ${took}.`;
  return [{ promise: 'back in time', who: key, at: back?.at ?? since, text, timed: true }];
}

/** Same lease: whenever the key is there, the same lease is behind it. */
export function sameLease(recording: readonly Event[], key: string): Finding[] {
  const present = readingsOf(recording, key).filter((reading) => reading.present);
  const findings: Finding[] = [];
  for (const [i, { at, lease }] of present.entries()) {
    const before = present[i - 1]?.lease;
    if (i === 0 || before === lease) continue;
    const text = `Expected "${key}" to keep its lease ${before ?? '0'}, found lease ${lease ?? '0'} behind it.`;
    findings.push({ promise: 'same lease', who: key, at, text, timed: true });
  }
  return findings;
}
