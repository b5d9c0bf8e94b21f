import { type DeposedReason, type Leader } from './election.js';
import { type Sighting } from './election-record.js';

/**
 * State of the pure machine of one election in one process. Times are milliseconds of the monotonic clock of this
 * process.
 */
export interface ElectionState {
  /** Whether this instance campaigns. */
  readonly wanted: boolean;
  readonly meta: Readonly<Record<string, string>>;
  /** Whether jobs of the last term still run, so that the record must not be released. */
  readonly busy: boolean;
  /** Whether leadership is refused from now on. */
  readonly closed: boolean;
  /** Whether leadership is refused, and nothing is written, because the thread of the application hangs. */
  readonly suspended: boolean;
  readonly session: ElectionSession | undefined;
  /** The own record, from its creation until it is released or lost. */
  readonly own: OwnRecord | undefined;
  /** A write of this session whose outcome is unknown. Undefined once the outcome is known. */
  readonly pending: PendingWrite | undefined;
  /** Whether this instance leads, as long as the deadline of {@link leadUntil} has not passed. */
  readonly leading: boolean;
  /** The content of the key as last seen. */
  readonly seen: Sighting | 'absent' | 'unknown';
  /** When the last sign of life of any holder was seen; undefined before the first. */
  readonly signAt: number | undefined;
  /** Milliseconds for which candidates wait after the last sign. */
  readonly quietMs: number;
  /** When a candidate contests the key. */
  readonly contestAt: number;
  /** When the next write of the own record, or the next attempt after a failure, is due. */
  readonly dueAt: number;
  /** The highest term that was seen. */
  readonly highestTerm: string | undefined;
  /** The term of the last own record that was released or lost. */
  readonly formerTerm: string | undefined;
  /** The leader that was last reported. */
  readonly leader: Leader | undefined;
}

export interface ElectionSession {
  readonly id: string;
  /** Granted. */
  readonly ttlMs: number;
  /** When the last acknowledged renewal was sent. */
  readonly ackedAt: number;
}

export interface OwnRecord {
  readonly version: string;
  readonly term: string;
  /** Name of this process in the record. */
  readonly name: string;
  /** When the term began, as in the record. */
  readonly since: string;
  readonly beat: number;
  /** When the last acknowledged write was sent. `-Infinity` before the first. */
  readonly ackedAt: number;
  /** The TTL in the record, by which the other candidates wait. */
  readonly ttlMs: number;
}

export interface PendingWrite {
  readonly beat: number;
  readonly sentAt: number;
  readonly ttlMs: number;
}

/** What the application asks for. */
export type ElectionCommand =
  | { readonly kind: 'campaign'; readonly meta?: Readonly<Record<string, string>> | undefined }
  | { readonly kind: 'resign' }
  | { readonly kind: 'busy'; readonly busy: boolean }
  /** The application stops: nothing leads any more, the record is kept until the jobs have ended. */
  | { readonly kind: 'shutdown' };

export type ElectionEvent =
  | ElectionCommand
  /** The thread of the application hangs, or has come back: the record is left as it is in between. */
  | { readonly kind: 'suspend'; readonly suspended: boolean }
  /** The session is usable: opened, or renewed after an outage of at least its TTL. */
  | { readonly kind: 'session'; readonly id: string; readonly ttlMs: number; readonly ackedAt: number }
  | { readonly kind: 'renewed'; readonly ttlMs: number; readonly ackedAt: number }
  | { readonly kind: 'session-gone' }
  /** The watch shows the content of the key. `certain`: it has missed no earlier change. */
  | { readonly kind: 'seen'; readonly sighting: Sighting | undefined; readonly certain: boolean }
  /** A linearizable read that was sent after the last write. */
  | { readonly kind: 'read'; readonly sighting: Sighting | undefined }
  | {
      readonly kind: 'created';
      readonly version: string;
      readonly term: string | undefined;
      readonly name: string;
      readonly since: string;
      readonly write: PendingWrite;
    }
  | { readonly kind: 'written'; readonly version: string; readonly write: PendingWrite }
  /** A guarded write of this session was refused; `sighting` is the content of the key. */
  | { readonly kind: 'conflict'; readonly sighting: Sighting | undefined }
  /** A write has failed, and may have taken effect or do so later. */
  | { readonly kind: 'unanswered'; readonly write: PendingWrite; readonly retryAfterMs: number }
  /** A read or discard has failed. */
  | { readonly kind: 'failed'; readonly retryAfterMs: number }
  /** The silent or released record was removed, by this process or by another one. */
  | { readonly kind: 'discarded' }
  | { readonly kind: 'released'; readonly sighting: Sighting }
  | { readonly kind: 'tick' };

/** What the machine reports, in the order of the reports. */
export type ElectionSignal =
  | { readonly kind: 'elected'; readonly term: string }
  | { readonly kind: 'deposed'; readonly term: string; readonly reason: DeposedReason }
  | { readonly kind: 'leader' }
  /** A new term is not higher than an earlier one: the registry has lost its history. */
  | { readonly kind: 'term-went-back'; readonly term: string; readonly highest: string };

export interface ElectionStep {
  readonly state: ElectionState;
  readonly signals: readonly ElectionSignal[];
}

export const INITIAL_ELECTION: ElectionState = Object.freeze({
  wanted: false,
  meta: Object.freeze({}),
  busy: false,
  closed: false,
  suspended: false,
  session: undefined,
  own: undefined,
  pending: undefined,
  leading: false,
  seen: 'unknown',
  signAt: undefined,
  quietMs: 0,
  contestAt: Infinity,
  dueAt: 0,
  highestTerm: undefined,
  formerTerm: undefined,
  leader: undefined,
});

const MIN_MARGIN_MS = 500;
const MARGIN_SHARE = 0.1;

/** Milliseconds before the end of the TTL at which leadership ends: for clocks of different rates, and slow timers. */
export function marginMs(ttlMs: number): number {
  return Math.max(MIN_MARGIN_MS, ttlMs * MARGIN_SHARE);
}

/**
 * The moment at which leadership ends without a further acknowledgement. Other candidates wait for a TTL after the last
 * write that they have seen, and the registry removes the record a TTL after the last renewal of the session: leadership
 * ends before both.
 */
export function leadUntil({ own, session }: ElectionState): number {
  if (!own || !session) return -Infinity;
  const ttlMs = Math.min(own.ttlMs, session.ttlMs);
  return Math.min(own.ackedAt, session.ackedAt) + ttlMs - marginMs(ttlMs);
}

/** The state as `Elections.dump()` shows it. */
export function phaseOf(state: PhaseFacts): ElectionPhase {
  if (state.closed) return 'closed';
  if (!state.wanted) return 'resigned';
  if (state.leading) return 'leader';
  return state.leader ? 'follower' : 'candidate';
}

/** State of a candidacy, as `Elections.dump()` shows it. */
export type ElectionPhase = 'candidate' | 'leader' | 'follower' | 'resigned' | 'closed';

type PhaseFacts = Pick<ElectionState, 'closed' | 'wanted' | 'leading' | 'leader'>;
