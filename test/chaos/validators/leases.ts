import { type Event, type EventOf } from '../recording/event.js';
import { ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';

function looksOf(recording: readonly Event[], who: string): EventOf<'leases'>[] {
  return ofKind(recording, 'leases').filter((look) => look.who === who);
}

/** One lease at a time: no look at the store finds more than `most` leases alive. At least one has to find one. */
export function oneLeaseAtATime(recording: readonly Event[], who: string, most = 1): Finding[] {
  const looks = looksOf(recording, who);
  const blame = (at: number, text: string): Finding => ({
    promise: 'one lease at a time',
    who,
    at,
    text,
  });
  if (!looks.some(({ leases }) => leases.length > 0))
    return [blame(0, 'Expected to find a lease, no look at the store found one.')];
  return looks
    .filter(({ leases }) => leases.length > most)
    .map(({ at, leases }) => blame(at, `Expected ${most} at most, found ${leases.join(', ')}.`));
}

/** No lease left: no look that began after `since` finds a lease. At least one has to have looked. */
export function noLeaseLeft(recording: readonly Event[], who: string, since: number): Finding[] {
  const looks = looksOf(recording, who).filter(({ began }) => began >= since);
  const blame = (at: number, text: string): Finding => ({ promise: 'no lease left', who, at, text });
  if (looks.length === 0) return [blame(since, 'Expected a look at the leases, got none.')];
  return looks
    .filter(({ leases }) => leases.length > 0)
    .map(({ at, leases }) => blame(at, `Expected no lease any more, found ${leases.join(', ')}.`));
}
