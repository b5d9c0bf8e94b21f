import { type DeposedReason, type Leader } from './election.js';
import { isHigherTerm, leaderOf, type Sighting } from './election-record.js';
import {
  type ElectionEvent,
  type ElectionSignal,
  type ElectionState,
  type ElectionStep,
  leadUntil,
  type OwnRecord,
  type PendingWrite,
} from './election-state.js';

/** What a step depends on besides the state and the event. */
export interface StepContext {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** In [0, 1). */
  readonly jitter: number;
}

/** Writes of the record per TTL: two may fail before the third is too late. */
const WRITES_PER_TTL = 3;
/** Share by which a write is moved at random, so that elections that started together spread out. */
const WRITE_JITTER = 0.1;
/** Bounds of the random wait of a candidate before it contests a silent record. */
const MAX_CONTEST_JITTER_MS = 500;
const CONTEST_JITTER_SHARE = 0.1;
/** Share of the TTL for which candidates leave a record to its holder after an outage of the registry. */
const RETURN_SHARE = 0.5;
/** Milliseconds before a key that cannot be created, although it seems to be empty, is contested again. */
const UNREADABLE_RETRY_MS = 1_000;

/** A state, and why leadership ends in it, if it does. */
interface Change {
  readonly state: ElectionState;
  readonly reason?: DeposedReason;
}

/** Returns the state after `event`, and what to report. */
export function stepElection(
  before: ElectionState,
  event: ElectionEvent,
  context: StepContext,
): ElectionStep {
  const { state, reason } = apply(before, event, context);
  const leads = state.wanted && !state.suspended && context.now < leadUntil(state);
  const signals: ElectionSignal[] = [];
  const ended = before.leading && (!leads || reason !== undefined);
  if (ended && before.own)
    signals.push({ kind: 'deposed', term: before.own.term, reason: reason ?? 'expired' });
  const term = state.own?.term;
  if (leads && (!before.leading || ended) && term !== undefined) signals.push({ kind: 'elected', term });
  const { highestTerm: highest } = before;
  const begun = event.kind === 'created' ? event.term : undefined;
  // Equal where the watch reported the own record before the response to the write.
  if (begun !== undefined && highest !== undefined && isHigherTerm(highest, begun))
    signals.push({ kind: 'term-went-back', term: begun, highest });
  const leader = knownLeader(state, leads);
  const changed = !sameLeader(leader, before.leader);
  if (changed && signals.length === 0) signals.push({ kind: 'leader' });
  return { state: { ...state, leading: leads, leader: changed ? leader : before.leader }, signals };
}

function apply(state: ElectionState, event: ElectionEvent, context: StepContext): Change {
  const { now } = context;
  switch (event.kind) {
    case 'campaign':
      if (state.closed) return { state };
      return { state: { ...state, wanted: true, meta: event.meta ?? state.meta, dueAt: now } };
    case 'resign':
      return { state: { ...state, wanted: false, dueAt: now }, reason: 'resigned' };
    case 'shutdown':
      return { state: { ...state, closed: true, wanted: false, dueAt: now }, reason: 'shutdown' };
    case 'suspend':
      return {
        state: { ...state, suspended: event.suspended, dueAt: now },
        ...(event.suspended ? { reason: 'hung' } : {}),
      };
    case 'busy':
      return { state: { ...state, busy: event.busy, dueAt: event.busy ? state.dueAt : now } };
    case 'session':
      return { state: sessionUp(state, event, now) };
    case 'renewed':
      return { state: renewed(state, event, now) };
    case 'session-gone':
      return { state: { ...withoutOwn(state), session: undefined }, reason: 'session-gone' };
    case 'seen':
      return { state: seen(state, event.sighting, event.certain, context) };
    case 'read':
      return { state: { ...seen(state, event.sighting, false, context), pending: undefined } };
    case 'created':
      return { state: created(state, event, context) };
    case 'written':
      if (!state.own) return { state };
      return { state: acknowledged(state, { ...state.own, version: event.version }, event.write, context) };
    case 'conflict':
      return conflict(state, event.sighting, context);
    case 'unanswered':
      return { state: { ...state, pending: event.write, dueAt: now + event.retryAfterMs } };
    case 'failed':
      return { state: { ...state, dueAt: now + event.retryAfterMs } };
    case 'discarded':
      return { state: { ...state, seen: 'absent', contestAt: now } };
    case 'released':
      return { state: { ...withoutOwn(state), seen: event.sighting, contestAt: now } };
    case 'tick':
      return { state };
  }
}

function sessionUp(
  state: ElectionState,
  { id, ttlMs, ackedAt }: Extract<ElectionEvent, { kind: 'session' }>,
  now: number,
): ElectionState {
  const kept = state.session?.id === id ? state : withoutOwn(state);
  const silent = typeof state.seen === 'object' && state.seen.record?.released !== true;
  // After an outage the holder of the record, which could not write either, comes back first.
  const graceMs = silent && state.session ? ttlMs * RETURN_SHARE : 0;
  const contestAt = Math.max(state.contestAt, now + graceMs);
  return { ...kept, session: { id, ttlMs, ackedAt }, contestAt, dueAt: now };
}

function renewed(
  state: ElectionState,
  { ttlMs, ackedAt }: Extract<ElectionEvent, { kind: 'renewed' }>,
  now: number,
): ElectionState {
  const { session, own } = state;
  if (!session) return state;
  // The registry answers again: a write that waits for its next attempt is sent now.
  const overdue = own !== undefined && now - own.ackedAt > writeIntervalMs(own.ttlMs, 1);
  return {
    ...state,
    session: { ...session, ttlMs, ackedAt },
    dueAt: overdue ? Math.min(state.dueAt, now) : state.dueAt,
  };
}

/** Notes the content of the key. Only the answer to a guarded write deposes this instance, since a watch may be late. */
function seen(
  state: ElectionState,
  sighting: Sighting | undefined,
  certain: boolean,
  context: StepContext,
): ElectionState {
  if (!sighting) return suspect(absent(state, certain, context), context.now);
  const next = present(state, sighting, context);
  return isOwn(state, sighting) ? ownSeen(next, sighting, context.now) : suspect(next, context.now);
}

function present(state: ElectionState, sighting: Sighting, { now, jitter }: StepContext): ElectionState {
  const { seen: before, highestTerm: highest } = state;
  const { term, record } = sighting;
  const quietMs = record?.ttlMs ?? state.session?.ttlMs ?? state.quietMs;
  const isNew = typeof before !== 'object' || before.version !== sighting.version;
  const highestTerm = term !== undefined && isHigherTerm(term, highest) ? term : highest;
  const next = { ...state, seen: sighting, quietMs, highestTerm };
  if (record?.released === true) return { ...next, signAt: now, contestAt: now };
  return isNew ? { ...next, signAt: now, contestAt: now + silenceMs(quietMs, jitter) } : next;
}

function absent(state: ElectionState, certain: boolean, { now, jitter }: StepContext): ElectionState {
  const { seen: before, signAt, quietMs } = state;
  const next: ElectionState = { ...state, seen: 'absent' };
  if (before === 'absent') return next;
  const free = before === 'unknown' ? signAt === undefined : before.record?.released === true;
  if (free) return { ...next, contestAt: now };
  // Without certainty, a write that this observer has missed may have been acknowledged until now.
  const lastSignAt = certain && signAt !== undefined ? signAt : now;
  return { ...next, signAt: lastSignAt, contestAt: lastSignAt + silenceMs(quietMs, jitter) };
}

/** The watch shows something else than the own record: the next write is sent at once, since its answer decides. */
function suspect(state: ElectionState, now: number): ElectionState {
  return state.own ? { ...state, dueAt: Math.min(state.dueAt, now) } : state;
}

/** The key has a record of this session: known, or of a write whose outcome was unknown. */
function ownSeen(state: ElectionState, sighting: Sighting, now: number): ElectionState {
  const { own, pending, formerTerm, quietMs } = state;
  const { version, term, record } = sighting;
  const landed = pending !== undefined && record?.beat === pending.beat;
  if (own) {
    if (!landed || term !== own.term) return state;
    const { beat, sentAt, ttlMs } = pending;
    return { ...state, own: { ...own, version, beat, ackedAt: sentAt, ttlMs }, pending: undefined };
  }
  // A record of an earlier term is old news. Any other is adopted, so that it is confirmed or released.
  if (!record || record.released || term === undefined || !isHigherTerm(term, formerTerm)) return state;
  const ackedAt = landed ? pending.sentAt : -Infinity;
  const { holder: name, since, beat } = record;
  const adopted = { version, term, name, since, beat, ackedAt, ttlMs: record.ttlMs || quietMs };
  return { ...state, own: adopted, pending: undefined, dueAt: now };
}

function created(
  state: ElectionState,
  { version, term, name, since, write }: Extract<ElectionEvent, { kind: 'created' }>,
  context: StepContext,
): ElectionState {
  if (term !== undefined)
    return acknowledged(state, { version, term, name, since, beat: 0, ackedAt: 0, ttlMs: 0 }, write, context);
  // The key had a value that the driver could not read, so that its create revision is an old one: create it again.
  const sighting = { version, owner: undefined, term: undefined, record: undefined };
  return { ...state, seen: sighting, pending: undefined, contestAt: context.now };
}

function acknowledged(
  state: ElectionState,
  own: OwnRecord,
  { beat, sentAt, ttlMs }: PendingWrite,
  { now, jitter }: StepContext,
): ElectionState {
  const { highestTerm: highest } = state;
  return {
    ...state,
    own: { ...own, beat, ackedAt: sentAt, ttlMs },
    pending: undefined,
    signAt: now,
    quietMs: ttlMs,
    // A record that is not wanted any more is released at once.
    dueAt: state.wanted || state.busy ? sentAt + writeIntervalMs(ttlMs, jitter) : now,
    highestTerm: isHigherTerm(own.term, highest) ? own.term : highest,
  };
}

function conflict(state: ElectionState, sighting: Sighting | undefined, context: StepContext): Change {
  const { own } = state;
  const { now, jitter } = context;
  const ours = sighting !== undefined && isOwn(state, sighting) && sighting.record?.released !== true;
  if (own && ours && own.term === sighting.term) {
    // An earlier write of unknown outcome has landed: continue from its version.
    const next = seen(state, sighting, true, context);
    const adopted = { ...(next.own ?? own), version: sighting.version };
    return { state: { ...next, own: adopted, pending: undefined, dueAt: now } };
  }
  const lost = seen(withoutOwn(state), sighting, false, context);
  if (sighting || own) return { state: lost, reason: 'record-lost' };
  // The key seemed to be empty, and could not be created.
  return { state: { ...lost, dueAt: now + UNREADABLE_RETRY_MS * (0.5 + jitter / 2) } };
}

function withoutOwn(state: ElectionState): ElectionState {
  return { ...state, own: undefined, pending: undefined, formerTerm: state.own?.term ?? state.formerTerm };
}

function isOwn(state: ElectionState, { owner }: Sighting): boolean {
  return owner !== undefined && owner === state.session?.id;
}

function knownLeader(state: ElectionState, leads: boolean): Leader | undefined {
  const { own, session, seen: content, meta } = state;
  if (leads && own && session) {
    const { term, name, since } = own;
    return Object.freeze({ id: session.id, term, name, since, meta });
  }
  return typeof content === 'object' && !isOwn(state, content) ? leaderOf(content) : undefined;
}

/** Whether two leaders are the same, with the same `meta`. */
export function sameLeader(a: Leader | undefined, b: Leader | undefined): boolean {
  if (a?.id !== b?.id || a?.term !== b?.term) return false;
  const [one, two] = [a?.meta ?? {}, b?.meta ?? {}];
  const names = Object.keys(one);
  return names.length === Object.keys(two).length && names.every((name) => one[name] === two[name]);
}

/** Milliseconds without a sign of life after which a candidate contests the key. */
function silenceMs(quietMs: number, jitter: number): number {
  return quietMs + jitter * Math.min(MAX_CONTEST_JITTER_MS, quietMs * CONTEST_JITTER_SHARE);
}

/** Milliseconds from one write of the record to the next. */
function writeIntervalMs(ttlMs: number, jitter: number): number {
  return (ttlMs / WRITES_PER_TTL) * (1 - WRITE_JITTER + 2 * WRITE_JITTER * jitter);
}
