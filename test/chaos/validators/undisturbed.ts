import { type Event, type EventOf } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';
import { type Span } from './presence.js';

type Disturbance = EventOf<'state' | 'endpoints' | 'freshness' | 'pick-failed' | 'log'>;

/** Undisturbed: all through that time nothing is lost, no list changes or becomes stale, and nothing is warned of. */
export function undisturbed(recording: readonly Event[], who: string, { from, to }: Span): Finding[] {
  return ofKind(recording, 'state', 'endpoints', 'freshness', 'pick-failed', 'log')
    .filter((event) => event.who === who && event.at >= from && event.at <= to && disturbs(event))
    .map((event) => ({
      promise: 'undisturbed',
      who,
      at: event.at,
      text: `Expected nothing to happen, got ${JSON.stringify(event)}.`,
    }));
}

function disturbs(event: Disturbance): boolean {
  if (event.kind === 'freshness') return event.stale;
  return event.kind !== 'log' || event.level !== 'log';
}

/** Milliseconds by which a renewal may come later than it is due, on a machine with much else to do. */
const LATENESS = 500;

/**
 * Steady renewals: all through that time acknowledgements are about `interval` milliseconds apart, neither in a burst
 * nor left out.
 */
export function steadyRenewals(
  recording: readonly Event[],
  who: string,
  { from, to }: Span,
  interval: number,
): Finding[] {
  const promise = 'steady renewals';
  const acks = ofKind(recording, 'acknowledged')
    .filter((event) => event.who === who && event.at >= from && event.at <= to)
    .map(({ at }) => at);
  const most = Math.floor((to - from) / (0.9 * interval)) + 1;
  const findings: Finding[] = [];
  if (acks.length > most) {
    const text = `Expected ${most} renewals at most in ${Math.round(to - from)} ms, got ${acks.length}.`;
    findings.push({ promise, who, at: to, text });
  }
  for (const [i, at] of [...acks, to].entries()) {
    const silence = at - (acks[i - 1] ?? from);
    if (silence <= 1.1 * interval + LATENESS) continue;
    const text = `Expected a renewal about every ${interval} ms, there was none for ${Math.round(silence)} ms.`;
    findings.push({ promise, who, at, text, timed: true });
  }
  return findings;
}
