import { type Details } from './terminus.js';

/** What an indicator found. `degraded`: works with data that may be out of date, or will not for long. */
export interface Verdict {
  readonly status: 'up' | 'degraded' | 'down';
  readonly details: Details;
}

const ORDER = ['up', 'degraded', 'down'] as const;

/** The worst of several states; `up` without any. */
export function worst(statuses: Iterable<Verdict['status']>): Verdict['status'] {
  let index = 0;
  for (const status of statuses) index = Math.max(index, ORDER.indexOf(status));
  return ORDER[index] ?? 'up';
}

/** The most names in a result. */
const MAX_NAMES = 50;

/**
 * Details by name, under one member: a service may be called `status`, which Terminus refuses at the top. The names in the
 * worst state come first, and at most 50 are shown.
 */
export function byName(member: string, verdicts: ReadonlyMap<string, Verdict>): Verdict {
  const status = worst([...verdicts.values()].map((verdict) => verdict.status));
  const sorted = [...verdicts].sort(([, a], [, b]) => ORDER.indexOf(b.status) - ORDER.indexOf(a.status));
  const shown = sorted
    .slice(0, MAX_NAMES)
    .map(([name, verdict]): [string, Details] => [name, { state: verdict.status, ...verdict.details }]);
  const more = verdicts.size - shown.length;
  // `fromEntries` defines `__proto__` as a member like any other.
  return { status, details: { [member]: Object.fromEntries<Details>(shown), ...(more > 0 ? { more } : {}) } };
}
