import { type Finding } from './finding.js';

/** A run of a scheduled job. */
export interface TickRun {
  /** The process. */
  readonly who: string;
  /** The tick by the wall clock of the process: the same number in every process. */
  readonly tick: number;
  /** Milliseconds of the machine's monotonic clock. */
  readonly at: number;
  readonly term: string;
}

/** No tick runs twice. */
export function noTickTwice(runs: readonly TickRun[], promise = 'no tick runs twice'): Finding[] {
  const first = new Map<number, TickRun>();
  const findings: Finding[] = [];
  for (const run of inOrder(runs)) {
    const earlier = first.get(run.tick);
    if (!earlier) first.set(run.tick, run);
    else
      findings.push({
        promise,
        who: run.who,
        at: run.at,
        text: `Tick ${run.tick} ran in ${earlier.who} (term ${earlier.term}) and in ${run.who} (term ${run.term}), ${Math.round(run.at - earlier.at)} ms later.`,
      });
  }
  return findings;
}

/** From and to, in milliseconds of the machine's monotonic clock. */
export type Span = readonly [number, number];

/**
 * Every tick runs, from the first to the last, except within `except`: times in which no process leads, or in which one
 * stands still. A missing tick is within such a time if it overlaps the time between the neighbours of the tick.
 */
export function everyTick(
  runs: readonly TickRun[],
  {
    except = [],
    promise = 'every tick runs',
  }: { readonly except?: readonly Span[]; readonly promise?: string } = {},
): Finding[] {
  const ordered = [...runs].sort((one, other) => one.tick - other.tick);
  const findings: Finding[] = [];
  for (const [n, run] of ordered.entries()) {
    const next = ordered[n + 1];
    if (!next || next.tick - run.tick < 2) continue;
    if (except.some(([from, to]) => run.at <= to && next.at >= from)) continue;
    findings.push({
      promise,
      who: next.who,
      at: next.at,
      text: `Of the ticks ${run.tick} to ${next.tick}, ${next.tick - run.tick - 1} did not run.`,
    });
  }
  return findings;
}

/** The term of a later run is not lower, and that of another process is higher. */
export function termsOfTicksGrow(runs: readonly TickRun[]): Finding[] {
  const findings: Finding[] = [];
  let last: TickRun | undefined;
  for (const run of inOrder(runs)) {
    const lower = last && BigInt(run.term) < BigInt(last.term);
    const shared = last && last.who !== run.who && run.term === last.term;
    if (last && (lower || shared))
      findings.push({
        promise: 'terms grow',
        who: run.who,
        at: run.at,
        text: `Ran in term ${run.term} after ${last.who} in term ${last.term}.`,
      });
    last = run;
  }
  return findings;
}

function inOrder(runs: readonly TickRun[]): readonly TickRun[] {
  return [...runs].sort((one, other) => one.at - other.at);
}
