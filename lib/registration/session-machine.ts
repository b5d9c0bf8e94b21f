/**
 * The life of one registry session as a pure state machine: docs/heartbeat.md draws it. Times are milliseconds on
 * the monotonic clock; TTLs are seconds as the server granted them.
 */
export type SessionPhase =
  /** Nothing is held, nothing is to be done. */
  | 'idle'
  /** There is no session, and one is wanted. */
  | 'opening'
  /** The last renewal was acknowledged. */
  | 'alive'
  /** A renewal has failed; the registry still has the session for all we know. */
  | 'late'
  /** A whole TTL has passed without an acknowledgement. The registry may have dropped it or be about to. */
  | 'expired'
  /** Given up for good. */
  | 'ended';

export interface SessionState {
  readonly phase: SessionPhase;
  /** Granted; 0 before the first grant. */
  readonly ttl: number;
  /** When the last acknowledged grant or renewal was sent: the earliest moment its TTL can have begun. */
  readonly ackAt: number;
  /** When the present session was opened. */
  readonly openedAt: number;
  /** When the next attempt is due. */
  readonly dueAt: number;
  /** Whether the present outage has been announced as lost. */
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

/** What those who hold something by this session are told. */
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

/** Renewals are a third of the TTL apart, so that two may be lost before the third is too late. */
const RENEWALS_PER_TTL = 3;

/** Share by which a renewal is moved at random, so that processes started together spread out. */
const JITTER = 0.1;

/** Milliseconds between two openings, lest a registry that forgets at once is asked without a pause. */
const REOPEN_INTERVAL_MS = 500;

/** Milliseconds from one renewal to the next; `jitter` is random in [0, 1). */
export function renewalIntervalMs(ttl: number, jitter: number): number {
  return ((ttl * 1000) / RENEWALS_PER_TTL) * (1 - JITTER + 2 * JITTER * jitter);
}

/** Round trips that one renewal is given at least: one to connect, one to ask, one in reserve. */
const ROUND_TRIPS = 3;

/** What a renewal may need besides the usual time, in milliseconds. */
export interface RenewalNeeds {
  /** As measured; 0 while unknown. */
  readonly roundTripMs?: number;
  /** What the driver asks for. */
  readonly driverTimeoutMs?: number;
}

/**
 * Milliseconds one renewal may take: short enough that another member can still be asked within the TTL. A slow network
 * raises it, up to a third of the TTL: a renewal that ends there still leaves time for a second one.
 */
export function renewalTimeoutMs(
  ttl: number,
  { roundTripMs = 0, driverTimeoutMs = 0 }: RenewalNeeds = {},
): number {
  const usual = Math.min(1000, (ttl * 1000) / 6);
  return Math.min(Math.max(usual, ROUND_TRIPS * roundTripMs, driverTimeoutMs), (ttl * 1000) / 3);
}

/** When the registry may drop the session, for all we know. */
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
  // After an outage the holders look at their entries again, even where the session itself survived.
  return { state: next, signals: [event.kind === 'opened' || state.lost ? 'up' : 'acknowledged'] };
}

function overdue(state: SessionState, now: number): SessionStep {
  if (state.lost || now < expiryOf(state)) return quiet(state);
  return { state: { ...state, phase: 'expired', lost: true }, signals: ['expired'] };
}

/** The state after `event` at `now`, and what the holders are told. */
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

/** What is to be done next, and when. An expired session is renewed first: only its registry knows that it is gone. */
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
