import { type LostReason } from '../registration/registration-machine.js';
import { type RegistrationStatus } from '../registration/registration-status.js';
import { byName, type Verdict } from './verdict.js';

/** What {@link heartbeatVerdict} knows of the application. */
export interface HeartbeatState {
  /** Whether the application imports SidekickModule and has it enabled. */
  readonly enabled: boolean;
  /** Whether the application is shutting down. */
  readonly leaving: boolean;
  /** Whether the registry cannot be reached; undefined where this process cannot know. */
  readonly unreachable: boolean | undefined;
  readonly beats: readonly RegistrationStatus[];
  /** Why instances are not ready (`service.ready`), by key. */
  readonly notReady: ReadonlyMap<string, string>;
  /** Why each registration was lost last, by key. */
  readonly lost: ReadonlyMap<string, LostReason>;
  /** The keys of lost registrations that are about to return, since the registry has only just come back. */
  readonly returning: ReadonlySet<string>;
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

function verdictOf(
  { key, state, age }: RegistrationStatus,
  { lost, notReady, returning, unreachable }: HeartbeatState,
): Verdict {
  const ages = age === undefined ? {} : { age: round(age) };
  switch (state) {
    case 'alive':
      return { status: 'up', details: { registered: true, ...ages } };
    case 'late':
      return {
        status: 'degraded',
        details: { registered: true, ...ages, reason: 'the last renewal failed' },
      };
    case 'starting':
      return { status: 'up', details: { registered: false, reason: 'not registered yet' } };
    case 'paused':
      return { status: 'up', details: { registered: false, reason: notReady.get(key) ?? 'paused' } };
    case 'stopped':
      return { status: 'up', details: { registered: false, reason: 'stopped' } };
    case 'lost':
    case 'standby': {
      const reason = lost.get(key) ?? (state === 'standby' ? 'taken-over' : 'expired');
      // An entry expires when no renewal was acknowledged for its TTL: then the registry was away, unless it answers now.
      const away = unreachable ?? reason === 'expired';
      return {
        status: away || returning.has(key) ? 'degraded' : 'down',
        details: { registered: false, ...ages, reason },
      };
    }
  }
}

/** The health of the application's own registrations. */
export function heartbeatVerdict(state: HeartbeatState): Verdict {
  const { enabled, leaving, beats } = state;
  if (leaving) return { status: 'down', details: { reason: 'leaving' } };
  if (!enabled) return { status: 'up', details: { registered: false, reason: 'not enabled' } };
  if (beats.length === 0)
    return { status: 'up', details: { registered: false, reason: 'not registered yet' } };
  return byName('registrations', new Map(beats.map((beat) => [beat.key, verdictOf(beat, state)])));
}
