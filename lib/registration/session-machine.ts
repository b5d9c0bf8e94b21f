import { ROUND_TRIPS } from './round-trip.js';

/**
 * Phase of the pure state machine of one registry session, drawn in docs/registration.md. Times are milliseconds of the
 * monotonic clock. TTLs are seconds, as the server granted them.
 */
export type SessionPhase =
  /** There is no session, and none is needed. */
  | 'idle'
  /** There is no session, and one is needed. */
  | 'opening'
  /** The last renewal was acknowledged. */
  | 'alive'
  /** A renewal has failed. The session can still be alive in the registry. */
  | 'late'
  /** A whole TTL has passed without an acknowledgement. The registry may have dropped the session. */
  | 'expired'
  /** Ended by this process. */
  | 'ended';

export interface SessionState {
  readonly phase: SessionPhase;
  /** Seconds granted; 0 before the first grant. */
  readonly ttl: number;
  /** When the last acknowledged grant or renewal was sent: the earliest moment its TTL can have started. */
  readonly ackAt: number;
  /** When the current session was opened. */
  readonly openedAt: number;
  /** When the next attempt is due. */
  readonly dueAt: number;
  /** Whether `expired` or `gone` was already signalled for the current outage. */
  readonly lost: boolean;
}

export type SessionEvent =
  | { readonly kind: 'needed' }
  | { readonly kind: 'opened'; readonly sentAt: number; readonly ttl: number; readonly jitter: number }
  | { readonly kind: 'renewed'; readonly sentAt: number; readonly ttl: number; readonly jitter: number }
  | { readonly kind: 'failed'; readonly retryAfter: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'clock' }
  | { readonly kind: 'ended' };

/** Signals to the listeners of a session. `up`: it is usable, and entries must be checked. */
export type SessionSignal = 'up' | 'acknowledged' | 'late' | 'expired' | 'gone';

export type SessionPlan =
  | { readonly kind: 'idle' }
  | { readonly kind: 'open'; readonly at: number }
  | { readonly kind: 'renew'; readonly at: number };

export interface SessionStep {
  readonly state: SessionState;
  readonly signals: readonly SessionSignal[];
}

export const INITIAL_SESSION: SessionState = Object.freeze({
  phase: 'idle',
  ttl: 0,
  ackAt: 0,
  openedAt: -Infinity,
  dueAt: 0,
  lost: false,
});

/** Renewals per TTL: two may fail before the third is too late. */
const RENEWALS_PER_TTL = 3;

/** Share by which a renewal is moved at random, so that processes that started together spread out. */
const JITTER = 0.1;

/** Milliseconds between two openings, so that a registry that drops sessions at once is not flooded. */
const REOPEN_INTERVAL_MS = 500;

/** Milliseconds from one renewal to the next; `jitter` is random in [0, 1). */
export function renewalIntervalMs(ttl: number, jitter: number): number {
  return ((ttl * 1000) / RENEWALS_PER_TTL) * (1 - JITTER + 2 * JITTER * jitter);
}

/** What raises the timeout of a renewal. */
export interface RenewalNeeds {
  /** Milliseconds, measured; 0 while unknown. */
  readonly roundTripMs?: number;
  /** Milliseconds that the driver needs. */
  readonly driverTimeoutMs?: number;
  /** Whether the round trip may have risen above what was measured. */
  readonly isPatient?: boolean;
}

/** Timeout of a patient renewal in milliseconds: long enough to try every member of a cluster once. */
const PATIENT_TIMEOUT_MS = 5_000;

/**
 * Timeout of one renewal in milliseconds: short enough to try another member within the TTL. A slow network raises it,
 * up to a third of the TTL, which still leaves time for a second renewal.
 */
export function renewalTimeoutMs(
  ttl: number,
  { roundTripMs = 0, driverTimeoutMs = 0, isPatient = false }: RenewalNeeds = {},
): number {
  const usual = isPatient ? PATIENT_TIMEOUT_MS : Math.min(1000, (ttl * 1000) / 6);
  return Math.min(Math.max(usual, ROUND_TRIPS * roundTripMs, driverTimeoutMs), (ttl * 1000) / 3);
}

/** The earliest moment at which the registry may drop the session. */
export function expiryOf(state: SessionState): number {
  return state.ackAt + state.ttl * 1000;
}

const quiet = (state: SessionState): SessionStep => ({ state, signals: [] });

function acknowledged(
  state: SessionState,
  event: Extract<SessionEvent, { kind: 'opened' | 'renewed' }>,
): SessionStep {
  const { sentAt, ttl, jitter } = event;
  const next: SessionState = {
    phase: 'alive',
    ttl,
    ackAt: sentAt,
    openedAt: event.kind === 'opened' ? sentAt : state.openedAt,
    dueAt: sentAt + renewalIntervalMs(ttl, jitter),
    lost: false,
  };
  // After an outage the listeners check their entries, even where the session survived.
  return { state: next, signals: [event.kind === 'opened' || state.lost ? 'up' : 'acknowledged'] };
}

function overdue(state: SessionState, now: number): SessionStep {
  if (state.lost || now < expiryOf(state)) return quiet(state);
  return { state: { ...state, phase: 'expired', lost: true }, signals: ['expired'] };
}

/** Returns the state after `event` at `now`, and the signals for the listeners. */
export function stepSession(state: SessionState, event: SessionEvent, now: number): SessionStep {
  if (state.phase === 'ended') return quiet(state);
  switch (event.kind) {
    case 'ended':
      return quiet({ ...state, phase: 'ended' });
    case 'needed':
      return quiet(state.phase === 'idle' ? { ...state, phase: 'opening', dueAt: now } : state);
    case 'opened':
    case 'renewed':
      return acknowledged(state, event);
    case 'gone':
      return {
        state: {
          ...state,
          phase: 'opening',
          dueAt: Math.max(now, state.openedAt + REOPEN_INTERVAL_MS),
          lost: true,
        },
        signals: state.lost ? [] : ['gone'],
      };
    case 'failed': {
      const next = { ...state, dueAt: now + event.retryAfter };
      if (state.phase === 'opening') return quiet(next);
      if (state.phase !== 'alive') return overdue(next, now);
      const late: SessionStep = { state: { ...next, phase: 'late' }, signals: ['late'] };
      const after = overdue(late.state, now);
      return { state: after.state, signals: [...late.signals, ...after.signals] };
    }
    case 'clock':
      return state.phase === 'alive' || state.phase === 'late' ? overdue(state, now) : quiet(state);
  }
}

/** Returns the next action and its time. An expired session is renewed first: only the registry knows that it is gone. */
export function planSession(state: SessionState): SessionPlan {
  switch (state.phase) {
    case 'idle':
    case 'ended':
      return { kind: 'idle' };
    case 'opening':
      return { kind: 'open', at: state.dueAt };
    default:
      return { kind: 'renew', at: state.dueAt };
  }
}
