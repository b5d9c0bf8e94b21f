import { type Event } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';
import { type Span } from './presence.js';

export interface AttemptBounds {
  /** Milliseconds: the longest it may go without an attempt. */
  readonly longest: number;
  /** The most attempts in any second. */
  readonly perSecond: number;
}

/**
 * Never gives up: what `who` counts of `what` goes up again and again all through that time, and no faster than its
 * bound.
 */
export function neverGivesUp(
  recording: readonly Event[],
  who: string,
  what: string,
  { from, to }: Span,
  { longest, perSecond }: AttemptBounds,
): Finding[] {
  const promise = 'never gives up';
  const counts = ofKind(recording, 'requests').filter(
    (event) => event.who === who && event.what === what && event.at >= from && event.at <= to,
  );
  const grown = counts.filter(({ count }, i) => i > 0 && count > counts[i - 1]!.count);
  const findings: Finding[] = [];
  let last = from;
  for (const at of [...grown.map((event) => event.at), to]) {
    if (at - last > longest) {
      const text = `Expected an attempt every ${longest} ms, there was none for ${Math.round(at - last)} ms.`;
      findings.push({ promise, who, at, text, timed: true });
    }
    last = at;
  }
  for (const { at, count } of counts) {
    const before = counts.findLast((event) => event.at <= at - 1_000);
    if (!before || count - before.count <= perSecond * ((at - before.at) / 1_000)) continue;
    const text = `Expected ${perSecond} attempts a second at most, got ${count - before.count} in ${Math.round(at - before.at)} ms.`;
    return [...findings, { promise: 'bounded attempts', who, at, text }];
  }
  return findings;
}
