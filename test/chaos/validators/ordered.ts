import { type Finding } from './finding.js';
import { label, type WatchEvidence, watchLogs } from './watch-log.js';

/** Ordered: a watch never delivers a change that came before one it has delivered already. */
export function ordered({ recording }: WatchEvidence): Finding[] {
  const findings: Finding[] = [];
  for (const { who, events } of watchLogs(recording)) {
    let last = -Infinity;
    for (const event of events) {
      if (event.kind === 'watch-listing') last = event.revision + 1;
      if (event.kind !== 'watch-batch') continue;
      for (const change of event.changes) {
        if (change.revision < last) {
          const text = `Expected nothing from before revision ${last} any more, got the ${label(change)}.`;
          findings.push({ promise: 'ordered', who, at: event.at, text });
        }
        last = Math.max(last, change.revision);
      }
    }
  }
  return findings;
}
