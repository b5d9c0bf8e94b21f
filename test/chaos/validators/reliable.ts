import { type Finding } from './finding.js';
import { identity, label, stretches, type WatchEvidence, watchLogs } from './watch-log.js';

/** Reliable: of two changes that a watch delivered, everything the store made in between was delivered too. */
export function reliable({ recording, history }: WatchEvidence): Finding[] {
  const findings: Finding[] = [];
  for (const log of watchLogs(recording)) {
    for (const { after, events } of stretches(log)) {
      const batches = events.filter((event) => event.kind === 'watch-batch');
      const delivered = batches.flatMap(({ changes }) => changes);
      const last = Math.max(after, ...delivered.map(({ revision }) => revision));
      const got = new Set(delivered.map(identity));
      for (const change of history) {
        if (change.revision <= after || change.revision > last || got.has(identity(change))) continue;
        const at =
          batches.find(({ changes }) => changes.some((one) => one.revision >= change.revision))?.at ?? 0;
        const text = `Expected the ${label(change)}, got only what came before and after it.`;
        findings.push({ promise: 'reliable', who: log.who, at, text });
      }
    }
  }
  return findings;
}
