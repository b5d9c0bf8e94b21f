import { type Goal, type Line } from './line.js';

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** The value that `share` of all values do not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** One value a round: ours divided by `other`, both measured next to each other. */
export function ratios(ours: readonly number[], other: readonly number[]): number[] {
  return ours.slice(0, other.length).map((value, round) => value / other[round]!);
}

/** The figure that the goal of a line limits; undefined if there is no floor to compare with. */
export function compared({ ours, floor, peers }: Line, of: Goal['of']): number | undefined {
  if (of === 'ours') return median(ours);
  if (of === 'peer') return median(ratios(peers?.[0]?.values ?? [], ours));
  if (!floor || floor.values.length === 0) return undefined;
  if (of === 'ratio') return median(ratios(ours, floor.values));
  return median(ours.slice(0, floor.values.length).map((value, round) => value - floor.values[round]!));
}

/** Whether a line reaches its goal; undefined without a goal or a value. */
export function reaches(line: Line): boolean | undefined {
  if (!line.goal) return undefined;
  const value = compared(line, line.goal.of);
  if (value === undefined || Number.isNaN(value)) return undefined;
  const { atMost = Infinity, atLeast = -Infinity } = line.goal;
  return value <= atMost && value >= atLeast;
}
