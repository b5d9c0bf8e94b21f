import { type Event } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';

/** How many requests of `who` each instance has answered. */
export function answeredBy(recording: readonly Event[], who: string): ReadonlyMap<string, number> {
  const sum = new Map<string, number>();
  for (const { who: caller, by } of ofKind(recording, 'requests-answered')) {
    if (caller !== who) continue;
    for (const [instance, count] of Object.entries(by)) sum.set(instance, (sum.get(instance) ?? 0) + count);
  }
  return sum;
}

/** No failed request: every request of `who` was answered. At least one has to have been. */
export function noFailedRequest(recording: readonly Event[], who: string): Finding[] {
  const promise = 'no failed request';
  if (answeredBy(recording, who).size === 0)
    return [{ promise, who, at: 0, text: 'Expected requests to be answered, none ever was.' }];
  return ofKind(recording, 'request-failed')
    .filter((failed) => failed.who === who)
    .map(({ at, endpoint, detail }) => ({
      promise,
      who,
      at,
      text: `Expected an answer, the request to ${endpoint} failed: ${detail}.`,
    }));
}

/** Every instance is called: each of `instances` has answered a request of `who`. */
export function everyInstanceAnswered(
  recording: readonly Event[],
  who: string,
  instances: readonly string[],
): Finding[] {
  const answered = answeredBy(recording, who);
  return instances
    .filter((instance) => !answered.has(instance))
    .map((instance) => ({
      promise: 'every instance is called',
      who,
      at: 0,
      text: `Expected ${instance} to be called, it never was.`,
    }));
}
