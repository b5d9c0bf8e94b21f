import { type Finding } from './finding.js';

/** A count that a server or a log gives is from `least` to `most`. */
export function exactly(promise: string, who: string, count: number, least: number, most: number): Finding[] {
  if (count >= least && count <= most) return [];
  const wanted = least === most ? String(least) : `${least} to ${most}`;
  return [{ promise, who, at: 0, text: `Expected ${wanted} for ${who}, counted ${count}.` }];
}
