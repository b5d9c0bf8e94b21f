/**
 * Protections of the library that a scenario can disable, to prove that it detects their absence.
 *
 * - `jitter`: all clients have the same random numbers
 * - `ownership`: a write replaces any entry under its entry key
 * - `list-after-compaction`: a watch whose history is compacted continues from now, without listing again
 * - `said-empty`: a listing that fails counts as an empty one
 * - `expiry-guard`: expired instances are removed, however many expire at once
 * - `watch`: nothing can be watched
 * - `fence`: a write has no guard: it lands whatever has happened since it was sent
 * - `drain`: an application closes its port first, and withdraws what it announced after
 * - `local-deadline`: a leader trusts its leadership until it hears of its end
 * - `one-shot`: a request that must not be done twice is sent again after any failure
 */
export const PROTECTIONS = [
  'jitter',
  'ownership',
  'list-after-compaction',
  'said-empty',
  'expiry-guard',
  'watch',
  'fence',
  'one-shot',
  'local-deadline',
  'drain',
] as const;

export type Protection = (typeof PROTECTIONS)[number];
