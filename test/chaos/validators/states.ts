import { type Event } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';

/** Exactly these states, in this order: `['lost', 'restored']`, or none at all. */
export function exactStates(
  recording: readonly Event[],
  who: string,
  expected: readonly string[],
): Finding[] {
  const events = ofKind(recording, 'state').filter((event) => event.who === who);
  const states = events.map(({ state }) => state);
  if (states.length === expected.length && states.every((state, i) => state === expected[i])) return [];
  const wrong = events.find(({ state }, i) => state !== expected[i]) ?? events.at(-1);
  const text = `Expected ${list(expected)}, got ${list(states)}.`;
  return [{ promise: 'exact states', who, at: wrong?.at ?? 0, text, timed: true }];
}

/** Restored in time: after `since`, the next `restored` comes within `within` milliseconds. */
export function restoredWithin(
  recording: readonly Event[],
  who: string,
  since: number,
  within: number,
): Finding[] {
  const back = ofKind(recording, 'state').find(
    (event) => event.who === who && event.state === 'restored' && event.at >= since,
  );
  if (back && back.at - since <= within) return [];
  const took = back ? `it took ${Math.round(back.at - since)} ms` : 'there was none';
  const text = `Expected "restored" within ${within} ms, ${took}.`;
  return [{ promise: 'restored in time', who, at: back?.at ?? since, text, timed: true }];
}

/** Every call that was sent has had its answer before the recording ended, and within `deadline` ms when one is given. */
export function everyCallAnswered(recording: readonly Event[], deadline = Infinity): Finding[] {
  const answers = new Map(ofKind(recording, 'answer').map((answer) => [answer.call, answer]));
  return ofKind(recording, 'call').flatMap(({ who, at, call, what }) => {
    const answer = answers.get(call);
    if (answer && answer.at - at <= deadline) return [];
    const got = answer ? `it took ${Math.round(answer.at - at)} ms` : 'there was none';
    const text = `Expected an answer to "${what}"${Number.isFinite(deadline) ? ` within ${deadline} ms` : ''}, ${got}.`;
    return [{ promise: 'every call is answered', who, at, text, timed: true }];
  });
}

function list(states: readonly string[]): string {
  return states.length === 0 ? 'no state at all' : states.map((state) => `"${state}"`).join(', ');
}
