import { type Event, type EventOf } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';
import { type Follower } from './lists.js';
import { type Span } from './presence.js';

function freshnessOf(recording: readonly Event[], { who, service }: Follower): EventOf<'freshness'>[] {
  return ofKind(recording, 'freshness').filter((event) => event.who === who && event.service === service);
}

/** When a list first said that it is stale, or fresh, at or after `since`; `since` itself where it was so then. */
export function saidAt(
  recording: readonly Event[],
  follower: Follower,
  stale: boolean,
  since: number,
): number | undefined {
  const all = freshnessOf(recording, follower);
  if (all.findLast(({ at }) => at <= since)?.stale === stale) return since;
  return all.find((event) => event.at >= since && event.stale === stale)?.at;
}

/** Said in time: the list says that it is stale, or fresh, within `within` ms of `since`. */
export function saidWithin(
  recording: readonly Event[],
  follower: Follower,
  stale: boolean,
  since: number,
  within: number,
): Finding[] {
  const at = saidAt(recording, follower, stale, since);
  if (at !== undefined && at - since <= within) return [];
  const state = stale ? 'stale' : 'fresh';
  const took = at === undefined ? 'never' : `after ${Math.round(at - since)} ms`;
  const text = `Expected the list to be ${state} within ${within} ms, it was so ${took}.`;
  return [{ promise: `${state} in time`, who: follower.who, at: at ?? since, text, timed: true }];
}

/** Milliseconds by which an age may be off: two clocks, and the way from one process to the other. */
const ROUNDING = 250;

/** Stale with its age: all through that time the list says it is stale, and gets older as the time goes by. */
export function staleWithAge(recording: readonly Event[], follower: Follower, { from, to }: Span): Finding[] {
  const { who } = follower;
  const blame = (at: number, text: string): Finding => ({
    promise: 'stale with its age',
    who,
    at,
    text,
    timed: true,
  });
  const during = freshnessOf(recording, follower).filter(({ at }) => at >= from && at <= to);
  if (during.length < 2)
    return [blame(from, `Expected it to be said again and again, it was said ${during.length} times.`)];
  return during.flatMap(({ at, stale, age }, i): Finding[] => {
    if (!stale) return [blame(at, 'Expected the list to be stale, it was said to be fresh.')];
    if (age === undefined) return [blame(at, 'Expected an age, got none.')];
    const before = during[i - 1];
    if (before?.age === undefined) return [];
    const [grown, passed] = [(age - before.age) * 1_000, at - before.at];
    if (Math.abs(grown - passed) <= ROUNDING) return [];
    return [blame(at, `Expected it to age by ${Math.round(passed)} ms, it aged by ${Math.round(grown)} ms.`)];
  });
}

/** Never stale: nothing in that time says that the list is. */
export function neverStale(recording: readonly Event[], follower: Follower, { from, to }: Span): Finding[] {
  return freshnessOf(recording, follower)
    .filter(({ at, stale }) => stale && at >= from && at <= to)
    .slice(0, 1)
    .map(({ at }) => ({
      promise: 'never stale',
      who: follower.who,
      at,
      text: 'Expected the list to be fresh all the time, it was said to be stale.',
      timed: true,
    }));
}

/** No pick fails in that time. */
export function noPickFailed(
  recording: readonly Event[],
  follower: Follower,
  { from, to }: Span = { from: 0, to: Infinity },
): Finding[] {
  const failed = ofKind(recording, 'pick-failed').filter(
    ({ who, service, at }) => who === follower.who && service === follower.service && at >= from && at <= to,
  );
  if (failed.length === 0) return [];
  const [{ at, code }] = failed as [EventOf<'pick-failed'>];
  const text = `Expected no pick to fail, ${failed.length} did, the first with ${code}.`;
  return [{ promise: 'no pick fails', who: follower.who, at, text }];
}

/**
 * Seldom asked: between any two readings of a server's counter there are at most `perSecond` requests a second, and
 * `atOnce` more for each fault that began between them, and for the one before, which may still have its effect.
 */
export function seldomAsked(
  recording: readonly Event[],
  what: string,
  perSecond: number,
  atOnce: number,
): Finding[] {
  const readings = ofKind(recording, 'requests').filter((reading) => reading.what === what);
  const blame = (who: string, at: number, text: string): Finding[] => [
    { promise: 'seldom asked', who, at, text },
  ];
  const faults = ofKind(recording, 'fault').filter(({ phase }) => phase === 'begin');
  if (readings.length < 2) return blame(what, 0, `Expected readings of "${what}", got ${readings.length}.`);
  for (const [i, first] of readings.entries()) {
    for (const last of readings.slice(i + 1)) {
      // A server that was started again counts from the beginning.
      if (last.count < first.count) break;
      const seconds = (last.at - first.at) / 1_000;
      const count = last.count - first.count;
      const between = faults.filter(({ at }) => at >= first.at && at <= last.at).length;
      if (count <= perSecond * seconds + atOnce * (1 + between)) continue;
      const text = `Expected at most ${perSecond} requests a second, and ${atOnce} at once after each of ${1 + between} faults, got ${count} within ${seconds.toFixed(1)} s.`;
      return blame(first.who, last.at, text);
    }
  }
  return [];
}
