import { type Event } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';

/** Milliseconds in which connections count as made together. */
export const TOGETHER = 100;

/** The most connections within {@link TOGETHER} since a moment, and when that began. */
export function busiest(recording: readonly Event[], since: number): { count: number; at: number } {
  const times = ofKind(recording, 'connected').flatMap(({ at }) => (at >= since ? [at] : []));
  let first = 0;
  let most = { count: 0, at: since };
  for (const [last, at] of times.entries()) {
    while (at - times[first]! >= TOGETHER) first += 1;
    const count = last - first + 1;
    if (count > most.count) most = { count, at: times[first]! };
  }
  return most;
}

/** No herd: since `since`, never more than `most` connections are made within {@link TOGETHER} ms. One has to be made. */
export function noHerd(recording: readonly Event[], since: number, most: number): Finding[] {
  const { count, at } = busiest(recording, since);
  if (count > 0 && count <= most) return [];
  const text = `Expected at most ${most} connections within ${TOGETHER} ms, and at least one, got ${count}.`;
  return [{ promise: 'no herd', who: 'clients', at, text, timed: true }];
}

/** Milliseconds each took to be acknowledged after `since`, in order; `Infinity` for those never acknowledged. */
export function returns(recording: readonly Event[], who: readonly string[], since: number): number[] {
  const first = new Map<string, number>();
  for (const { who: whom, at } of ofKind(recording, 'acknowledged'))
    if (at >= since && !first.has(whom)) first.set(whom, at - since);
  return who.map((one) => first.get(one) ?? Infinity).sort((a, b) => a - b);
}

/** The value that 99 of 100 do not exceed. */
export function p99(sorted: readonly number[]): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] ?? Infinity;
}

/** Back soon: 99 of 100 clients are acknowledged within `within` milliseconds after `since`, and all at some time. */
export function backSoon(
  recording: readonly Event[],
  who: readonly string[],
  since: number,
  within: number,
): Finding[] {
  const took = returns(recording, who, since);
  const missing = took.filter((ms) => ms === Infinity).length;
  if (missing === 0 && p99(took) <= within) return [];
  const text = `Expected 99 of 100 back within ${within} ms, and all of ${who.length} at some time; it took ${Math.round(p99(took))} ms, and ${missing} never came.`;
  return [{ promise: 'back soon', who: 'clients', at: since + within, text, timed: true }];
}
