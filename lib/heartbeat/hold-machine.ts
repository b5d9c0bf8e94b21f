import { type Entry } from '../registry/registry.js';
import { type Item } from '../registry/item.js';
import { sameItem } from '../registry/same-item.js';

/** Why an entry was lost. */
export type LostReason =
  /** A whole TTL passed without an acknowledged renewal. */
  | 'expired'
  /** The registry said that the session is gone. */
  | 'revoked'
  /** Somebody removed the entry. */
  | 'deleted'
  /** Somebody wrote over it, with no live session behind. */
  | 'overwritten'
  /** A newer holder has it; we stand by and take it back when that one goes. */
  | 'taken-over';

/** Where one kept entry stands; docs/heartbeat.md draws it. */
export type HoldPhase = 'starting' | 'held' | 'lost' | 'standby' | 'withdrawn';

/** What we believe stands in the slot. */
export type Belief =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'entry'; readonly entry: Entry };

export interface HoldState {
  readonly phase: HoldPhase;
  readonly item: Item;
  /** Whether the entry should be there: false while paused and after a stop. */
  readonly wanted: boolean;
  /** The session to write by; undefined while there is none. */
  readonly session: string | undefined;
  /** Sessions that were ours before: what they still hold is ours to write over. */
  readonly formerSessions: readonly string[];
  readonly belief: Belief;
  /** Something contradicts the belief: read the slot before anything else. */
  readonly suspect: boolean;
  /** Whether a live holder may be displaced: the one who starts last has the key. */
  readonly mayTakeOver: boolean;
  /** The registry refused the last request; nothing is sent again before the next tick or a new value. */
  readonly refused: boolean;
}

export type HoldEvent =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'session-lost'; readonly reason: 'expired' | 'revoked' }
  | { readonly kind: 'item'; readonly item: Item }
  /** What a read, or a write whose guard failed, has found. */
  | { readonly kind: 'read'; readonly entry: Entry | undefined }
  | { readonly kind: 'written'; readonly item: Item; readonly version: string }
  | { readonly kind: 'refused' }
  /** What the watch reports; possibly older than what we know. */
  | { readonly kind: 'observed'; readonly entry: Entry | undefined }
  /** The registry misses the entry, or nobody can vouch for it. */
  | { readonly kind: 'suspect' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'withdraw' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'resume' };

export type HoldSignal =
  | { readonly kind: 'alive' }
  | { readonly kind: 'restored' }
  | { readonly kind: 'lost'; readonly reason: LostReason }
  | { readonly kind: 'withdrawn' };

export type HoldPlan =
  | { readonly kind: 'idle' }
  | { readonly kind: 'read' }
  /** Write `item` if the slot still has `version`; undefined: if it is empty. */
  | { readonly kind: 'write'; readonly item: Item; readonly version: string | undefined }
  | { readonly kind: 'remove' };

export interface HoldStep {
  readonly state: HoldState;
  readonly signals: readonly HoldSignal[];
}

const UNKNOWN: Belief = Object.freeze({ kind: 'unknown' });
const EMPTY: Belief = Object.freeze({ kind: 'empty' });
const FORMER_SESSIONS = 4;

export function initialHold(item: Item, options: { readonly exclusive: boolean }): HoldState {
  return {
    phase: 'starting',
    item,
    wanted: true,
    session: undefined,
    formerSessions: [],
    belief: UNKNOWN,
    suspect: false,
    mayTakeOver: !options.exclusive,
    refused: false,
  };
}

type Holder = 'us' | 'us-before' | 'another' | 'nobody';

function holderOf(state: HoldState, entry: Entry): Holder {
  if (entry.owner === undefined) return 'nobody';
  if (entry.owner === state.session) return 'us';
  return state.formerSessions.includes(entry.owner) ? 'us-before' : 'another';
}

const quiet = (state: HoldState): HoldStep => ({ state, signals: [] });

function nowHeld(state: HoldState, entry: Entry): HoldStep {
  const held: HoldState = {
    ...state,
    phase: 'held',
    belief: { kind: 'entry', entry },
    suspect: false,
    refused: false,
    mayTakeOver: false,
  };
  if (state.phase === 'held') return quiet(held);
  return { state: held, signals: [{ kind: state.phase === 'starting' ? 'alive' : 'restored' }] };
}

function nowLost(state: HoldState, reason: LostReason): HoldStep {
  const phase = reason === 'taken-over' ? 'standby' : 'lost';
  if (state.phase === 'held') return { state: { ...state, phase }, signals: [{ kind: 'lost', reason }] };
  // Already lost, and now somebody else has it: the reason matters more than saying it once.
  if (state.phase === 'lost' && phase === 'standby')
    return { state: { ...state, phase }, signals: [{ kind: 'lost', reason }] };
  if (state.phase === 'standby' && phase === 'lost') return quiet({ ...state, phase });
  return quiet(state);
}

function nowWithdrawn(state: HoldState): HoldStep {
  if (state.phase === 'withdrawn') return quiet(state);
  return { state: { ...state, phase: 'withdrawn', belief: EMPTY }, signals: [{ kind: 'withdrawn' }] };
}

function afterRead(state: HoldState, entry: Entry | undefined): HoldStep {
  const known: HoldState = {
    ...state,
    suspect: false,
    refused: false,
    belief: entry ? { kind: 'entry', entry } : EMPTY,
  };
  if (!entry) return nowLost(known, 'deleted');
  switch (holderOf(known, entry)) {
    case 'us':
      return sameItem(entry.item, known.item) ? nowHeld(known, entry) : quiet(known);
    case 'us-before':
      return quiet(known);
    case 'nobody':
      return nowLost(known, 'overwritten');
    case 'another':
      return known.mayTakeOver ? quiet(known) : nowLost(known, 'taken-over');
  }
}

function afterObserved(state: HoldState, entry: Entry | undefined): HoldStep {
  if (!state.wanted || state.session === undefined || state.phase === 'starting') return quiet(state);
  const { belief } = state;
  if (!entry) return belief.kind === 'empty' ? quiet(state) : quiet({ ...state, suspect: true });
  if (belief.kind === 'entry' && belief.entry.version === entry.version) return quiet(state);
  return quiet({ ...state, suspect: true });
}

function remembered(state: HoldState): readonly string[] {
  const { session, formerSessions } = state;
  if (session === undefined || formerSessions.includes(session)) return formerSessions;
  return [session, ...formerSessions].slice(0, FORMER_SESSIONS);
}

/** The state after `event`, and what the application is told. */
export function stepHold(state: HoldState, event: HoldEvent): HoldStep {
  switch (event.kind) {
    case 'session':
      return quiet({
        ...state,
        formerSessions: remembered(state).filter((id) => id !== event.id),
        session: event.id,
        belief: UNKNOWN,
        refused: false,
      });
    case 'session-lost': {
      const without: HoldState = {
        ...state,
        formerSessions: remembered(state),
        session: undefined,
        belief: UNKNOWN,
      };
      // A revoked session has taken the entry with it.
      if (!state.wanted) return event.reason === 'revoked' ? nowWithdrawn(without) : quiet(without);
      return state.phase === 'held' ? nowLost(without, event.reason) : quiet(without);
    }
    case 'item':
      return quiet({ ...state, item: event.item, refused: false });
    case 'read':
      return state.wanted ? afterRead(state, event.entry) : quiet(state);
    case 'written':
      if (state.session === undefined || !state.wanted) return quiet(state);
      return nowHeld(state, { item: event.item, version: event.version, owner: state.session });
    case 'refused':
      return quiet({ ...state, refused: true });
    case 'observed':
      return afterObserved(state, event.entry);
    case 'suspect':
      return quiet({ ...state, suspect: true });
    case 'tick':
      return quiet({ ...state, refused: false });
    case 'withdraw': {
      const unwanted: HoldState = { ...state, wanted: false, refused: false };
      const untouched = state.session === undefined && state.formerSessions.length === 0;
      return untouched ? nowWithdrawn(unwanted) : quiet(unwanted);
    }
    case 'removed':
      return state.wanted ? quiet(state) : nowWithdrawn(state);
    case 'resume':
      if (state.wanted) return quiet(state);
      return quiet({ ...state, wanted: true, phase: 'starting', belief: UNKNOWN, suspect: false });
  }
}

/** What is to be done next. */
export function planHold(state: HoldState): HoldPlan {
  if (state.session === undefined || state.refused) return { kind: 'idle' };
  if (!state.wanted) return state.phase === 'withdrawn' ? { kind: 'idle' } : { kind: 'remove' };
  if (state.suspect) return { kind: 'read' };
  const { belief, item } = state;
  // A write that finds the slot taken answers with what stands there: no read is needed first.
  if (belief.kind !== 'entry') return { kind: 'write', item, version: undefined };
  const write: HoldPlan = { kind: 'write', item, version: belief.entry.version };
  switch (holderOf(state, belief.entry)) {
    case 'us':
      return sameItem(belief.entry.item, item) ? { kind: 'idle' } : write;
    case 'us-before':
    case 'nobody':
      return write;
    case 'another':
      return state.mayTakeOver ? write : { kind: 'idle' };
  }
}
