import { type RegistryEntry } from '../registry/registry.js';
import { type EntryRecord } from '../registry/entry-record.js';
import { sameRecord } from '../registry/same-record.js';

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
export type RegistrationPhase = 'starting' | 'registered' | 'lost' | 'standby' | 'withdrawn';

/** What we believe stands in the entry key. */
export type Observed =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'entry'; readonly entry: RegistryEntry };

/**
 * What a hold does about another live holder of its entry key. `take-over`: displaces it, since the latest registration has
 * the key. `refuse`: fails its start. `wait`: takes the entry key when the other one goes.
 */
export type Claim = 'take-over' | 'refuse' | 'wait';

export interface RegistrationMachineState {
  readonly phase: RegistrationPhase;
  readonly desired: EntryRecord;
  /** Whether the entry should be there: false while paused and after a stop. */
  readonly wanted: boolean;
  /** The session to write by; undefined while there is none. */
  readonly session: string | undefined;
  /** Sessions that were ours before: what they still hold is ours to write over. */
  readonly formerSessions: readonly string[];
  readonly observed: Observed;
  /** Something contradicts the belief: read the entry key before anything else. */
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

export type RegistrationInput =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'session-lost'; readonly reason: 'expired' | 'revoked' }
  | { readonly kind: 'record'; readonly record: EntryRecord }
  /** What a read, or a write whose guard failed, has found. */
  | { readonly kind: 'read'; readonly entry: RegistryEntry | undefined }
  | { readonly kind: 'written'; readonly record: EntryRecord; readonly version: string }
  /** A write failed without an answer. */
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'refused' }
  /** What the watch reports; possibly older than what we know. */
  | { readonly kind: 'observed'; readonly entry: RegistryEntry | undefined }
  /** The registry misses the entry, or nobody can vouch for it. */
  | { readonly kind: 'suspect' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'withdraw' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'resume' };

export type RegistrationSignal =
  | { readonly kind: 'alive' }
  | { readonly kind: 'restored' }
  | { readonly kind: 'lost'; readonly reason: LostReason }
  | { readonly kind: 'withdrawn' };

export type RegistrationPlan =
  | { readonly kind: 'idle' }
  | { readonly kind: 'read' }
  /** Write `item` if the slot still has `version`; undefined: if it is empty. */
  | { readonly kind: 'write'; readonly record: EntryRecord; readonly version: string | undefined }
  /** Remove the entry if it still has `version`; undefined: whatever is ours. */
  | { readonly kind: 'remove'; readonly version: string | undefined };

export interface RegistrationStep {
  readonly state: RegistrationMachineState;
  readonly signals: readonly RegistrationSignal[];
}

const UNKNOWN: Observed = Object.freeze({ kind: 'unknown' });
const EMPTY: Observed = Object.freeze({ kind: 'empty' });
const MAX_FORMER_SESSIONS = 4;

/** How a hold begins. */
export interface InitialRegistration {
  readonly claim: Claim;
  /** Sessions of a hold of the same entry key whose withdrawal this one ends; its removal may still arrive. */
  readonly formerSessions?: readonly string[];
}

export function initialRegistration(
  record: EntryRecord,
  { claim, formerSessions = [] }: InitialRegistration,
): RegistrationMachineState {
  return {
    phase: 'starting',
    desired: record,
    wanted: true,
    session: undefined,
    formerSessions,
    observed: UNKNOWN,
    suspect: false,
    claim,
    removalPending: formerSessions.length > 0,
    writePending: false,
    refused: false,
  };
}

type Owner = 'own' | 'own-former' | 'other' | 'none';

function ownerOf(state: RegistrationMachineState, entry: RegistryEntry): Owner {
  if (entry.owner === undefined) return 'none';
  if (entry.owner === state.session) return 'own';
  return state.formerSessions.includes(entry.owner) ? 'own-former' : 'other';
}

const quiet = (state: RegistrationMachineState): RegistrationStep => ({ state, signals: [] });

function nowRegistered(state: RegistrationMachineState, entry: RegistryEntry): RegistrationStep {
  const held: RegistrationMachineState = {
    ...state,
    phase: 'registered',
    observed: { kind: 'entry', entry },
    suspect: false,
    refused: false,
    claim: 'wait',
    removalPending: false,
    writePending: false,
  };
  if (state.phase === 'registered') return quiet(held);
  return { state: held, signals: [{ kind: state.phase === 'starting' ? 'alive' : 'restored' }] };
}

function nowLost(state: RegistrationMachineState, reason: LostReason): RegistrationStep {
  const phase = reason === 'taken-over' ? 'standby' : 'lost';
  if (state.phase === 'registered')
    return { state: { ...state, phase }, signals: [{ kind: 'lost', reason }] };
  // The reason matters more than reporting a loss once: from now on the entry key is another's.
  if (state.phase !== 'standby' && phase === 'standby')
    return { state: { ...state, phase }, signals: [{ kind: 'lost', reason }] };
  if (state.phase === 'standby' && phase === 'lost') return quiet({ ...state, phase });
  return quiet(state);
}

function nowWithdrawn(state: RegistrationMachineState): RegistrationStep {
  if (state.phase === 'withdrawn') return quiet(state);
  return { state: { ...state, phase: 'withdrawn', observed: EMPTY }, signals: [{ kind: 'withdrawn' }] };
}

function afterRead(state: RegistrationMachineState, entry: RegistryEntry | undefined): RegistrationStep {
  const known: RegistrationMachineState = {
    ...state,
    suspect: false,
    refused: false,
    writePending: false,
    observed: entry ? { kind: 'entry', entry } : EMPTY,
  };
  if (!entry) return nowLost(known, 'deleted');
  switch (ownerOf(known, entry)) {
    case 'own':
      return !known.removalPending && sameRecord(entry.record, known.desired)
        ? nowRegistered(known, entry)
        : quiet(known);
    case 'own-former':
      return quiet(known);
    case 'none':
      return nowLost(known, 'overwritten');
    case 'other':
      return known.claim === 'wait' ? nowLost(known, 'taken-over') : quiet(known);
  }
}

function afterObserved(state: RegistrationMachineState, entry: RegistryEntry | undefined): RegistrationStep {
  if (!state.wanted || state.session === undefined || state.phase === 'starting') return quiet(state);
  const { observed } = state;
  if (!entry) return observed.kind === 'empty' ? quiet(state) : quiet({ ...state, suspect: true });
  if (observed.kind === 'entry' && observed.entry.version === entry.version) return quiet(state);
  return quiet({ ...state, suspect: true });
}

function afterWritten(
  state: RegistrationMachineState,
  record: EntryRecord,
  version: string,
): RegistrationStep {
  if (state.session === undefined) return quiet(state);
  const entry: RegistryEntry = { record, version, owner: state.session };
  if (state.wanted) return nowRegistered(state, entry);
  // What is to be removed is what was written last.
  return quiet({ ...state, observed: { kind: 'entry', entry }, writePending: false });
}

function remembered(state: RegistrationMachineState): readonly string[] {
  const { session, formerSessions } = state;
  if (session === undefined || formerSessions.includes(session)) return formerSessions;
  return [session, ...formerSessions].slice(0, MAX_FORMER_SESSIONS);
}

/** The state after `event`, and what the application is told. */
export function stepRegistration(
  state: RegistrationMachineState,
  event: RegistrationInput,
): RegistrationStep {
  switch (event.kind) {
    case 'session':
      return quiet({
        ...state,
        formerSessions: remembered(state).filter((id) => id !== event.id),
        session: event.id,
        observed: UNKNOWN,
        refused: false,
      });
    case 'session-lost': {
      const without: RegistrationMachineState = {
        ...state,
        formerSessions: remembered(state),
        session: undefined,
        observed: UNKNOWN,
      };
      // A revoked session has taken the entry with it.
      if (!state.wanted) return event.reason === 'revoked' ? nowWithdrawn(without) : quiet(without);
      return state.phase === 'registered' ? nowLost(without, event.reason) : quiet(without);
    }
    case 'record':
      return quiet({ ...state, desired: event.record, refused: false });
    case 'read':
      return state.wanted ? afterRead(state, event.entry) : quiet(state);
    case 'written':
      return afterWritten(state, event.record, event.version);
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
      const unwanted: RegistrationMachineState = { ...state, wanted: false, refused: false };
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
        observed: UNKNOWN,
        suspect: false,
        claim: state.claim === 'take-over' ? 'take-over' : 'wait',
        removalPending: state.removalPending || state.phase !== 'withdrawn',
      });
  }
}

/** What is to be done next. */
export function planRegistration(state: RegistrationMachineState): RegistrationPlan {
  if (state.session === undefined || state.refused) return { kind: 'idle' };
  const { observed, desired } = state;
  if (!state.wanted) {
    if (state.phase === 'withdrawn') return { kind: 'idle' };
    const known = observed.kind === 'entry' && !state.writePending;
    return { kind: 'remove', version: known ? observed.entry.version : undefined };
  }
  if (state.suspect || (state.removalPending && observed.kind === 'unknown')) return { kind: 'read' };
  // A write that finds the entry key taken answers with what stands there: no read is needed first.
  if (observed.kind !== 'entry') return { kind: 'write', record: desired, version: undefined };
  const write: RegistrationPlan = { kind: 'write', record: desired, version: observed.entry.version };
  switch (ownerOf(state, observed.entry)) {
    case 'own':
      return !state.removalPending && sameRecord(observed.entry.record, desired) ? { kind: 'idle' } : write;
    case 'own-former':
    case 'none':
      return write;
    case 'other':
      return state.claim === 'take-over' ? write : { kind: 'idle' };
  }
}
