/** The label of a job that was given none. */
export const UNNAMED_JOB = 'an unnamed job';

/** Lists the labels of jobs for a message, with their number where several have the same: `Reports.nightly (2 runs), Mail.send`. */
export function jobLabels(labels: Iterable<string>): string {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].map(([label, count]) => (count > 1 ? `${label} (${count} runs)` : label)).join(', ');
}
