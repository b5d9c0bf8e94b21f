import { type Finding } from './finding.js';

/** The outcome of one attempt to increment a counter. */
export interface Increment {
  readonly who: string;
  /** The number it was to become. */
  readonly to: number;
  /** `done`: acknowledged. `not done`: refused, for certain. `unknown`: the outcome is open. */
  readonly outcome: 'done' | 'not done' | 'unknown';
}

/**
 * Counted once: no increment took effect twice, none that was acknowledged is missing, and none that was refused for
 * certain took effect. What is unknown may have taken effect or not.
 */
export function countedOnce(increments: readonly Increment[], final: number, counter: string): Finding[] {
  const blame = (text: string): Finding => ({ promise: 'counted once', who: counter, at: 0, text });
  const count = (outcome: Increment['outcome']): number =>
    increments.filter((increment) => increment.outcome === outcome).length;
  const done = count('done');
  const most = done + count('unknown');
  const findings: Finding[] = [];
  if (final < done || final > most)
    findings.push(blame(`Expected "${counter}" to be ${done} to ${most} in the end, found ${final}.`));
  const first = new Map<number, string>();
  for (const { who, to, outcome } of increments) {
    if (outcome !== 'done') continue;
    const before = first.get(to);
    if (before !== undefined)
      findings.push(
        blame(`Expected one to make "${counter}" ${to}, both ${before} and ${who} received that answer.`),
      );
    first.set(to, who);
  }
  return findings;
}
