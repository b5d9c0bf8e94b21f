import { type Finding } from './finding.js';
import { type WatchEvidence, watchLogs } from './watch-log.js';

/** Atomic: the changes that one revision made arrive in one batch, never in two and never in part. */
export function atomic({ recording, history }: WatchEvidence): Finding[] {
  const made = new Map<number, number>();
  for (const { revision } of history) made.set(revision, (made.get(revision) ?? 0) + 1);
  const findings: Finding[] = [];
  for (const { who, events } of watchLogs(recording)) {
    for (const event of events) {
      if (event.kind !== 'watch-batch') continue;
      const here = new Map<number, number>();
      for (const { revision } of event.changes) here.set(revision, (here.get(revision) ?? 0) + 1);
      for (const [revision, count] of here) {
        const expected = made.get(revision) ?? 0;
        if (count >= expected) continue;
        const text = `Expected all ${expected} changes of revision ${revision} in one batch, got ${count} of them.`;
        findings.push({ promise: 'atomic', who, at: event.at, text });
      }
    }
  }
  return findings;
}
