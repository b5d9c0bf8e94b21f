import { type Event } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';

/** How long each fault of a kind lasted, in milliseconds; Infinity where it never ended. */
export function durationsOf(recording: readonly Event[], who: string, what: string): number[] {
  const durations: number[] = [];
  let began: number | undefined;
  for (const event of ofKind(recording, 'fault')) {
    if (event.who !== who || event.what !== what) continue;
    if (event.phase === 'begin') began = event.at;
    else if (began !== undefined) {
      durations.push(event.at - began);
      began = undefined;
    }
  }
  if (began !== undefined) durations.push(Infinity);
  return durations;
}

/** Repaired in time: each fault of a kind ends within `within` milliseconds. Requires at least one fault. */
export function repairedInTime(
  recording: readonly Event[],
  who: string,
  what: string,
  within: number,
): Finding[] {
  const blame = (text: string): Finding => ({ promise: 'repaired in time', who, at: 0, text, timed: true });
  const durations = durationsOf(recording, who, what);
  if (durations.length === 0) return [blame(`Expected a ${what} of ${who}, there was none.`)];
  return durations
    .filter((ms) => ms > within)
    .map((ms) => {
      const took = Number.isFinite(ms) ? `it took ${Math.round(ms)} ms` : 'it never was';
      return blame(`Expected a ${what} of ${who} to be repaired within ${within} ms, ${took}.`);
    });
}
