import { type Finding } from './finding.js';
import { label, type WatchEvidence, watchLogs } from './watch-log.js';

/**
 * Resumable: a broken watch continues exactly at its position. It opens again after what it delivered last, and
 * the first change it delivers then is the next one the store made.
 */
export function resumable({ recording, history }: WatchEvidence): Finding[] {
  const findings: Finding[] = [];
  for (const { who, events } of watchLogs(recording)) {
    const blame = (at: number, text: string): void =>
      void findings.push({ promise: 'resumable', who, at, text });
    let delivered: number | undefined;
    let reopened = false;
    for (const event of events) {
      if (event.kind === 'watch-listing') {
        delivered = event.revision;
        reopened = false;
      } else if (event.kind === 'watch-open') {
        if (delivered !== undefined && event.after > delivered)
          blame(event.at, `Expected to resume after revision ${delivered}, resumed after ${event.after}.`);
        reopened = delivered !== undefined;
        delivered ??= event.after;
      } else if (event.kind === 'watch-batch') {
        const [first] = event.changes;
        const owed = reopened && delivered !== undefined ? next(history, delivered) : undefined;
        if (first && owed && first.revision !== owed.revision)
          blame(event.at, `Expected to resume with the ${label(owed)}, got the ${label(first)}.`);
        if (first) reopened = false;
        delivered = Math.max(delivered ?? 0, event.upTo, ...event.changes.map(({ revision }) => revision));
      }
    }
  }
  return findings;
}

function next(
  history: WatchEvidence['history'],
  after: number,
): WatchEvidence['history'][number] | undefined {
  return history.find(({ revision }) => revision > after);
}
