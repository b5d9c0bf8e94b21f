import { type Event } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';

/** When a server's count of something went up, and by how much, as far as its looks show. */
function rises(recording: readonly Event[], who: string, what: string): { at: number; by: number }[] {
  const looks = ofKind(recording, 'requests').filter((event) => event.who === who && event.what === what);
  return looks.flatMap(({ at, count }, i) => {
    const before = looks[i - 1]?.count ?? count;
    return count > before ? [{ at, by: count - before }] : [];
  });
}

/** Milliseconds from one to the next on the average, from the first rise to the last; undefined where there are fewer than two. */
export function pace(recording: readonly Event[], who: string, what: string): number | undefined {
  const seen = rises(recording, who, what);
  const [first] = seen;
  const last = seen.at(-1);
  if (!first || !last || first === last) return undefined;
  const count = seen.reduce((sum, { by }) => sum + by, -first.by);
  return (last.at - first.at) / count;
}

/** Steady pace: on the average `interval` ms lie between two, give or take a `share` of that. */
export function steadyPace(
  recording: readonly Event[],
  who: string,
  what: string,
  interval: number,
  share: number,
): Finding[] {
  const found = pace(recording, who, what);
  if (found !== undefined && Math.abs(found - interval) <= interval * share) return [];
  const text = `Expected ${what} every ${interval} ms, give or take ${share * 100} %, got ${found === undefined ? 'fewer than two' : `${Math.round(found)} ms`}.`;
  return [{ promise: 'steady pace', who, at: recording.at(-1)?.at ?? 0, text, timed: true }];
}
