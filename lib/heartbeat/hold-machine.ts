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

/**
 * What a hold does about another live holder of its slot. `take-over`: displaces it, since the latest registration has
 * the key. `refuse`: fails its start. `wait`: takes the slot when the other one goes.
 */
export type Claim = 'take-over' | 'refuse' | 'wait';

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
  /** What to do about another live holder. */
  readonly claim: Claim;
  /** A removal of what stands there may still arrive: the entry is written again, so that the removal spares it. */
  readonly removalPending: boolean;
  /** A write was not answered: it may have changed the version. */
  readonly writePending: boolean;
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
  /** A write failed without an answer. */
  | { readonly kind: 'unanswered' }
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
  /** Remove the entry if it still has `version`; undefined: whatever is ours. */
  | { readonly kind: 'remove'; readonly version: string | undefined };

export interface HoldStep {
  readonly state: HoldState;
  readonly signals: readonly HoldSignal[];
}

const UNKNOWN: Belief = Object.freeze({ kind: 'unknown' });
const EMPTY: Belief = Object.freeze({ kind: 'empty' });
const FORMER_SESSIONS = 4;

/** How a hold begins. */
export interface InitialHold {
  readonly claim: Claim;
  /** Sessions of a hold of the same slot whose withdrawal this one ends; its removal may still arrive. */
  readonly formerSessions?: readonly string[];
}

export function initialHold(item: Item, { claim, formerSessions = [] }: InitialHold): HoldState {
  return {
    phase: 'starting',
    item,
    wanted: true,
    session: undefined,
    formerSessions,
    belief: UNKNOWN,
    suspect: false,
    claim,
    removalPending: formerSessions.length > 0,
    writePending: false,
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
    claim: 'wait',
    removalPending: false,
    writePending: false,
  };
  if (state.phase === 'held') return quiet(held);
  return { state: held, signals: [{ kind: state.phase === 'starting' ? 'alive' : 'restored' }] };
}

function nowLost(state: HoldState, reason: LostReason): HoldStep {
  const phase = reason === 'taken-over' ? 'standby' : 'lost';
  if (state.phase === 'held') return { state: { ...state, phase }, signals: [{ kind: 'lost', reason }] };
  // The reason matters more than reporting a loss once: from now on the slot is another's.
  if (state.phase !== 'standby' && phase === 'standby')
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
    writePending: false,
    belief: entry ? { kind: 'entry', entry } : EMPTY,
  };
  if (!entry) return nowLost(known, 'deleted');
  switch (holderOf(known, entry)) {
    case 'us':
      return !known.removalPending && sameItem(entry.item, known.item) ? nowHeld(known, entry) : quiet(known);
    case 'us-before':
      return quiet(known);
    case 'nobody':
      return nowLost(known, 'overwritten');
    case 'another':
      return known.claim === 'wait' ? nowLost(known, 'taken-over') : quiet(known);
  }
}

function afterObserved(state: HoldState, entry: Entry | undefined): HoldStep {
  if (!state.wanted || state.session === undefined || state.phase === 'starting') return quiet(state);
  const { belief } = state;
  if (!entry) return belief.kind === 'empty' ? quiet(state) : quiet({ ...state, suspect: true });
  if (belief.kind === 'entry' && belief.entry.version === entry.version) return quiet(state);
  return quiet({ ...state, suspect: true });
}

function afterWritten(state: HoldState, item: Item, version: string): HoldStep {
  if (state.session === undefined) return quiet(state);
  const entry: Entry = { item, version, owner: state.session };
  if (state.wanted) return nowHeld(state, entry);
  // What is to be removed is what was written last.
  return quiet({ ...state, belief: { kind: 'entry', entry }, writePending: false });
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
      return afterWritten(state, event.item, event.version);
    case 'unanswered':
      return quiet({ ...state, writePending: true });
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
      return quiet({
        ...state,
        wanted: true,
        phase: 'starting',
        belief: UNKNOWN,
        suspect: false,
        claim: state.claim === 'take-over' ? 'take-over' : 'wait',
        removalPending: state.removalPending || state.phase !== 'withdrawn',
      });
  }
}

/** What is to be done next. */
export function planHold(state: HoldState): HoldPlan {
  if (state.session === undefined || state.refused) return { kind: 'idle' };
  const { belief, item } = state;
  if (!state.wanted) {
    if (state.phase === 'withdrawn') return { kind: 'idle' };
    const known = belief.kind === 'entry' && !state.writePending;
    return { kind: 'remove', version: known ? belief.entry.version : undefined };
  }
  if (state.suspect || (state.removalPending && belief.kind === 'unknown')) return { kind: 'read' };
  // A write that finds the slot taken answers with what stands there: no read is needed first.
  if (belief.kind !== 'entry') return { kind: 'write', item, version: undefined };
  const write: HoldPlan = { kind: 'write', item, version: belief.entry.version };
  switch (holderOf(state, belief.entry)) {
    case 'us':
      return !state.removalPending && sameItem(belief.entry.item, item) ? { kind: 'idle' } : write;
    case 'us-before':
    case 'nobody':
      return write;
    case 'another':
      return state.claim === 'take-over' ? write : { kind: 'idle' };
  }
}
