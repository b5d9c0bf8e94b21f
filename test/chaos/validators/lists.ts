import { type Event, type EventOf, type ListNews } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';
import { type Span } from './presence.js';
import { type Members, membersId, membersLabel, type StoreState } from './store-states.js';

type List = EventOf<'endpoints'>;

/** The lists an application had of a service, in their order. */
export function listsOf(recording: readonly Event[], who: string, service: string): List[] {
  return ofKind(recording, 'endpoints').filter((list) => list.who === who && list.service === service);
}

/** The instances of a list, each with the mark `n` of its metadata. */
export function membersOf({ endpoints }: Pick<List, 'endpoints'>): Members {
  return Object.fromEntries(endpoints.map(({ id, meta }) => [id, meta.n ?? '']));
}

/** Whose lists of what are judged. */
export interface Follower {
  readonly who: string;
  readonly service: string;
}

/**
 * States of the store: every list is what the store held at some moment, those moments never go back, and the last
 * list is the store's last state.
 */
export function statesOfTheStore(
  recording: readonly Event[],
  { who, service }: Follower,
  states: readonly StoreState[],
): Finding[] {
  const lists = listsOf(recording, who, service);
  if (lists.length === 0)
    return [{ promise: 'states of the store', who, at: 0, text: `Expected a list of ${service}, got none.` }];
  const places = new Map<string, number[]>();
  for (const [i, { members }] of states.entries()) {
    const id = membersId(members);
    places.set(id, [...(places.get(id) ?? []), i]);
  }
  const findings: Finding[] = [];
  let reached = 0;
  for (const list of lists) {
    const members = membersOf(list);
    const found = places.get(membersId(members)) ?? [];
    const next = found.find((place) => place >= reached);
    if (next !== undefined) {
      reached = next;
      continue;
    }
    const text =
      found.length === 0
        ? `Expected what the store held at some moment, got ${membersLabel(members)}.`
        : `Expected nothing older than revision ${states[reached]!.revision}, got what was so at ${states[found.at(-1)!]!.revision}: ${membersLabel(members)}.`;
    findings.push({ promise: 'states of the store', who, at: list.at, text });
  }
  return [...findings, ...endsWith(recording, { who, service }, states.at(-1)!.members)];
}

/** The last list: it is what the store holds in the end. */
export function endsWith(
  recording: readonly Event[],
  { who, service }: Follower,
  members: Members,
): Finding[] {
  const last = listsOf(recording, who, service).at(-1);
  const got = last && membersOf(last);
  if (got && membersId(got) === membersId(members)) return [];
  const text = `Expected the last list to be ${membersLabel(members)}, got ${got ? membersLabel(got) : 'none'}.`;
  return [{ promise: 'the last list', who, at: last?.at ?? 0, text, timed: true }];
}

/** Never back: the marks of one id, which are numbers that the store only ever raises, are never lower than before. */
export function marksNeverGoBack(recording: readonly Event[], { who, service }: Follower): Finding[] {
  const highest = new Map<string, number>();
  const findings: Finding[] = [];
  for (const list of listsOf(recording, who, service)) {
    for (const [id, mark] of Object.entries(membersOf(list))) {
      const before = highest.get(id) ?? -Infinity;
      highest.set(id, Math.max(before, Number(mark)));
      if (Number(mark) >= before) continue;
      const text = `Expected "${id}" at ${before} or later, got ${mark}.`;
      findings.push({ promise: 'never back', who, at: list.at, text });
    }
  }
  return findings;
}

/** Milliseconds by which a reader may lag behind the store. */
const LAG = 5_000;

/** No false empty: a list that had members becomes empty only while the store is in one of these times, or soon after. */
export function noFalseEmpty(
  recording: readonly Event[],
  { who, service }: Follower,
  emptyIn: readonly Span[] = [],
): Finding[] {
  return listsOf(recording, who, service).flatMap((list, i, lists): Finding[] => {
    const before = lists[i - 1];
    if (!before || before.endpoints.length === 0 || list.endpoints.length > 0) return [];
    if (emptyIn.some(({ from, to }) => from <= list.at && list.at <= to + LAG)) return [];
    const text = `Expected the ${before.endpoints.length} endpoints to stay, for the store had them; the list became empty.`;
    return [{ promise: 'no false empty', who, at: list.at, text }];
  });
}

/** Never without: no list of that time lacks one of these. At least one list has to be had by its end. */
export function neverWithout(
  recording: readonly Event[],
  { who, service }: Follower,
  ids: readonly string[],
  { from, to }: Span,
): Finding[] {
  const lists = listsOf(recording, who, service).filter(({ at }) => at <= to);
  const during = lists.filter(({ at }, i) => (lists[i + 1]?.at ?? Infinity) > from || at >= from);
  if (during.length === 0)
    return [{ promise: 'never without', who, at: from, text: `Expected a list of ${service}, got none.` }];
  return during.flatMap((list): Finding[] => {
    const there = new Set(list.endpoints.map(({ id }) => id));
    const missing = ids.filter((id) => !there.has(id));
    if (missing.length === 0) return [];
    const text = `Expected ${missing.length} more in the list: ${missing.slice(0, 10).join(', ')}.`;
    return [{ promise: 'never without', who, at: list.at, text }];
  });
}

/** The net difference: exactly one list comes in that time, with this news; none at all where there is none. */
export function netDifference(
  recording: readonly Event[],
  { who, service }: Follower,
  { from, to }: Span,
  news: ListNews | undefined,
): Finding[] {
  const lists = listsOf(recording, who, service).filter(({ at }) => at >= from && at <= to);
  const got = lists.map((list) => newsLabel(list.news));
  const expected = news ? [newsLabel(news)] : [];
  if (got.length === expected.length && got.every((label, i) => label === expected[i])) return [];
  const text = `Expected ${expected.join() || 'no list'}, got ${got.join(', then ') || 'no list'}.`;
  return [{ promise: 'net difference', who, at: lists[0]?.at ?? to, text }];
}

function newsLabel(news: ListNews | undefined): string {
  if (!news) return 'a first list';
  const part = (what: string, ids: readonly string[]): string =>
    `${what} ${[...ids].sort().join(' ') || '-'}`;
  return [part('added', news.added), part('updated', news.updated), part('removed', news.removed)].join('; ');
}

/** When a list of a service first had `id` with `mark` (gone where undefined), at or after `since`. */
export function seenAt(
  recording: readonly Event[],
  { who, service }: Follower,
  id: string,
  mark: string | undefined,
  since: number,
): number | undefined {
  return listsOf(recording, who, service).find((list) => list.at >= since && membersOf(list)[id] === mark)
    ?.at;
}

/** Seen in time: `id` with `mark` is in a list within `within` ms of `since`. */
export function seenWithin(
  recording: readonly Event[],
  follower: Follower,
  [id, mark]: readonly [string, string | undefined],
  since: number,
  within: number,
): Finding[] {
  const at = seenAt(recording, follower, id, mark, since);
  if (at !== undefined && at - since <= within) return [];
  const took = at === undefined ? 'never' : `after ${Math.round(at - since)} ms`;
  const text = `Expected "${id}" to be ${mark ?? 'gone'} within ${within} ms, it was so ${took}.`;
  return [{ promise: 'seen in time', who: follower.who, at: at ?? since, text, timed: true }];
}
