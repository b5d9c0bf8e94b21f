import { type Finding } from './finding.js';
import { identity, label, type WatchEvidence, watchLogs } from './watch-log.js';

/** Unique: a watch never delivers a change twice, across its reconnections too. */
export function unique({ recording }: WatchEvidence): Finding[] {
  const findings: Finding[] = [];
  for (const { who, events } of watchLogs(recording)) {
    const seen = new Set<string>();
    for (const event of events) {
      if (event.kind !== 'watch-batch') continue;
      for (const change of event.changes) {
        const id = identity(change);
        if (seen.has(id)) {
          const text = `Expected the ${label(change)} once, got it again.`;
          findings.push({ promise: 'unique', who, at: event.at, text });
        }
        seen.add(id);
      }
    }
  }
  return findings;
}
