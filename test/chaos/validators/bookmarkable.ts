import { type Finding } from './finding.js';
import { identity, label, stretches, type WatchEvidence, watchLogs } from './watch-log.js';

/** Bookmarkable: when a watch says "everything up to this revision", everything has been delivered, and stays so. */
export function bookmarkable({ recording, history }: WatchEvidence): Finding[] {
  const findings: Finding[] = [];
  for (const log of watchLogs(recording)) {
    for (const { after, events } of stretches(log)) {
      const blame = (at: number, text: string): void =>
        void findings.push({ promise: 'bookmarkable', who: log.who, at, text });
      const got = new Set<string>();
      let mark = after;
      for (const event of events) {
        if (event.kind !== 'watch-batch') continue;
        for (const change of event.changes) {
          if (change.revision <= mark)
            blame(event.at, `Expected nothing more up to revision ${mark}, got the ${label(change)}.`);
          got.add(identity(change));
        }
        if (event.upTo < mark) blame(event.at, `Expected a mark of at least ${mark}, got ${event.upTo}.`);
        for (const change of history) {
          if (change.revision <= mark || change.revision > event.upTo || got.has(identity(change))) continue;
          blame(event.at, `Expected the ${label(change)} before the mark at ${event.upTo}, did not get it.`);
        }
        mark = Math.max(mark, event.upTo);
      }
    }
  }
  return findings;
}
