import { type RegistryEntry } from '../registry/registry.js';
import { type EntryRecord } from '../registry/entry-record.js';
import { sameRecord } from '../registry/same-record.js';

/** Why an entry was lost. */
export type LostReason =
  /** A whole TTL passed without an acknowledged renewal. */
  | 'expired'
  /** The registry reported that the session is gone. */
  | 'revoked'
  /** Another client deleted the entry. */
  | 'deleted'
  /** Another client overwrote the entry without a live session. */
  | 'overwritten'
  /** A newer session owns the entry. This registration waits and registers again when that session ends. */
  | 'taken-over';

/** Phase of one registration, drawn in docs/registration.md. */
export type RegistrationPhase = 'starting' | 'registered' | 'lost' | 'standby' | 'deregistered';

/** The entry as this registration last saw it in the registry. */
export type Observed =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'entry'; readonly entry: RegistryEntry };

/**
 * What a registration does when another live session owns the entry. `take-over`: overwrites it, since the latest
 * registration owns the key. `refuse`: fails. `wait`: registers when the other session ends.
 */
export type Claim = 'take-over' | 'refuse' | 'wait';

export interface RegistrationMachineState {
  readonly phase: RegistrationPhase;
  /** The record that the registry should have. */
  readonly desired: EntryRecord;
  /** Whether the entry should be registered: false while paused and after a stop. */
  readonly wanted: boolean;
  /** Id of the session to write with; undefined while there is none. */
  readonly session: string | undefined;
  /** Ids of earlier sessions of this registration: their entries may be overwritten. */
  readonly formerSessions: readonly string[];
  readonly observed: Observed;
  /**
   * How `observed` may be wrong. `changed`: the entry must be read first. `missing`: the entry is probably deleted, which a
   * write that creates it shows without a read.
   */
  readonly suspect: 'changed' | 'missing' | undefined;
  /** What to do when another live session owns the entry. */
  readonly claim: Claim;
  /** Whether a removal of the current version may still arrive. The entry is rewritten, so that the removal misses it. */
  readonly removalPending: boolean;
  /** Whether a write got no response: it may have changed the version. */
  readonly writePending: boolean;
  /** Whether the registry refused the last request. The next one waits for a tick or a new value. */
  readonly refused: boolean;
}

/** What happened to the registration. */
export type RegistrationInput =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'session-lost'; readonly reason: 'expired' | 'revoked' }
  | { readonly kind: 'record'; readonly record: EntryRecord }
  /** The entry from a read, or from a write whose version check failed. */
  | { readonly kind: 'read'; readonly entry: RegistryEntry | undefined }
  /** `expected` is the version that the write compared; undefined: it created the entry. */
  | {
      readonly kind: 'written';
      readonly record: EntryRecord;
      readonly version: string;
      readonly expected: string | undefined;
    }
  /** A write got no response. */
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'refused' }
  /** The version of the entry from the watch; undefined without an entry. It can be older than `observed`. */
  | { readonly kind: 'observed'; readonly version: string | undefined }
  /** The watch is not up to date. */
  | { readonly kind: 'suspect' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'deregister' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'resume' };

/** What the application learns. */
export type RegistrationSignal =
  | { readonly kind: 'alive' }
  | { readonly kind: 'restored' }
  | { readonly kind: 'lost'; readonly reason: LostReason }
  | { readonly kind: 'deregistered' };

/** The next request. */
export type RegistrationPlan =
  | { readonly kind: 'idle' }
  | { readonly kind: 'read' }
  /** Write `record` if the entry still has `version`; undefined: if there is no entry. */
  | { readonly kind: 'write'; readonly record: EntryRecord; readonly version: string | undefined }
  /** Remove the entry if it still has `version`; undefined: any version that a session of this registration owns. */
  | { readonly kind: 'remove'; readonly version: string | undefined };

export interface RegistrationStep {
  readonly state: RegistrationMachineState;
  readonly signals: readonly RegistrationSignal[];
}

const UNKNOWN: Observed = Object.freeze({ kind: 'unknown' });
const EMPTY: Observed = Object.freeze({ kind: 'empty' });
/** Number of earlier sessions that a registration remembers. */
const MAX_FORMER_SESSIONS = 4;

/** How a registration starts. */
export interface InitialRegistration {
  readonly claim: Claim;
  /** Session ids of a deregistration of the same entry that this registration replaces. Its removal may still arrive. */
  readonly formerSessions?: readonly string[];
  /** Whether nothing is written before `resume`. */
  readonly paused?: boolean;
}

export function initialRegistration(
  record: EntryRecord,
  { claim, formerSessions = [], paused = false }: InitialRegistration,
): RegistrationMachineState {
  return {
    phase: paused ? 'deregistered' : 'starting',
    desired: record,
    wanted: !paused,
    session: undefined,
    formerSessions,
    observed: UNKNOWN,
    suspect: undefined,
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
  const registered: RegistrationMachineState = {
    ...state,
    phase: 'registered',
    observed: { kind: 'entry', entry },
    suspect: undefined,
    refused: false,
    // From now on a newer registration that takes the entry over owns it: two must not overwrite each other in turn.
    claim: 'wait',
    removalPending: false,
    writePending: false,
  };
  if (state.phase === 'registered') return quiet(registered);
  return { state: registered, signals: [{ kind: state.phase === 'starting' ? 'alive' : 'restored' }] };
}

function nowLost(state: RegistrationMachineState, reason: LostReason): RegistrationStep {
  const phase = reason === 'taken-over' ? 'standby' : 'lost';
  if (state.phase === 'registered')
    return { state: { ...state, phase }, signals: [{ kind: 'lost', reason }] };
  // Report `taken-over` also after another reason: from now on another session owns the entry.
  if (state.phase !== 'standby' && phase === 'standby')
    return { state: { ...state, phase }, signals: [{ kind: 'lost', reason }] };
  if (state.phase === 'standby' && phase === 'lost') return quiet({ ...state, phase });
  return quiet(state);
}

function nowDeregistered(state: RegistrationMachineState): RegistrationStep {
  if (state.phase === 'deregistered') return quiet(state);
  return { state: { ...state, phase: 'deregistered', observed: EMPTY }, signals: [{ kind: 'deregistered' }] };
}

function afterRead(state: RegistrationMachineState, entry: RegistryEntry | undefined): RegistrationStep {
  const known: RegistrationMachineState = {
    ...state,
    suspect: undefined,
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

function afterObserved(state: RegistrationMachineState, version: string | undefined): RegistrationStep {
  if (!state.wanted || state.session === undefined || state.phase === 'starting') return quiet(state);
  const { observed } = state;
  if (version === undefined) {
    if (observed.kind === 'empty') return quiet(state);
    // An entry that a write without a response has created could be taken for one that was deleted and restored.
    const unsure = state.writePending || state.suspect === 'changed';
    return quiet({ ...state, suspect: unsure ? 'changed' : 'missing' });
  }
  if (observed.kind === 'entry' && observed.entry.version === version) return quiet(state);
  return quiet({ ...state, suspect: 'changed' });
}

function afterWritten(
  state: RegistrationMachineState,
  { record, version, expected }: Extract<RegistrationInput, { kind: 'written' }>,
): RegistrationStep {
  if (state.session === undefined) return quiet(state);
  const { observed } = state;
  const entry: RegistryEntry = { record, version, owner: state.session };
  if (state.wanted) {
    // A write that creates an entry finds its key empty, unless the driver recognises the same entry by its version.
    const created = expected === undefined && observed.kind === 'entry' && observed.entry.version !== version;
    const before = created ? nowLost(state, 'deleted') : quiet(state);
    const after = nowRegistered(before.state, entry);
    return { state: after.state, signals: [...before.signals, ...after.signals] };
  }
  // The version to remove is the one that was written last.
  return quiet({ ...state, observed: { kind: 'entry', entry }, writePending: false });
}

function remembered(state: RegistrationMachineState): readonly string[] {
  const { session, formerSessions } = state;
  if (session === undefined || formerSessions.includes(session)) return formerSessions;
  return [session, ...formerSessions].slice(0, MAX_FORMER_SESSIONS);
}

/** Returns the state after `event`, and the signals for the application. */
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
      // The entry expired with the revoked session.
      if (!state.wanted) return event.reason === 'revoked' ? nowDeregistered(without) : quiet(without);
      return state.phase === 'registered' ? nowLost(without, event.reason) : quiet(without);
    }
    case 'record':
      return quiet({ ...state, desired: event.record, refused: false });
    case 'read':
      return state.wanted ? afterRead(state, event.entry) : quiet(state);
    case 'written':
      return afterWritten(state, event);
    case 'unanswered':
      return quiet({ ...state, writePending: true });
    case 'refused':
      return quiet({ ...state, refused: true });
    case 'observed':
      return afterObserved(state, event.version);
    case 'suspect':
      return quiet({ ...state, suspect: 'changed' });
    case 'tick':
      return quiet({ ...state, refused: false });
    case 'deregister': {
      const unwanted: RegistrationMachineState = { ...state, wanted: false, refused: false };
      const untouched = state.session === undefined && state.formerSessions.length === 0;
      return untouched ? nowDeregistered(unwanted) : quiet(unwanted);
    }
    case 'removed':
      return state.wanted ? quiet(state) : nowDeregistered(state);
    case 'resume':
      if (state.wanted) return quiet(state);
      return quiet({
        ...state,
        wanted: true,
        phase: 'starting',
        observed: UNKNOWN,
        suspect: undefined,
        claim: state.claim === 'take-over' ? 'take-over' : 'wait',
        removalPending: state.removalPending || state.phase !== 'deregistered',
      });
  }
}

/** Ids of the current session and of the earlier ones. */
export function ownSessionIds({ session, formerSessions }: RegistrationMachineState): readonly string[] {
  return session === undefined ? formerSessions : [session, ...formerSessions];
}

/** Whether the registry has the desired record, another session owns the entry, or it was deregistered. */
export function isSettled({ phase, observed, desired }: RegistrationMachineState): boolean {
  if (phase === 'standby' || phase === 'deregistered') return true;
  return phase === 'registered' && observed.kind === 'entry' && sameRecord(observed.entry.record, desired);
}

/** Returns the next request. */
export function planRegistration(state: RegistrationMachineState): RegistrationPlan {
  if (state.session === undefined || state.refused) return { kind: 'idle' };
  const { observed, desired } = state;
  if (!state.wanted) {
    if (state.phase === 'deregistered') return { kind: 'idle' };
    const known = observed.kind === 'entry' && !state.writePending;
    return { kind: 'remove', version: known ? observed.entry.version : undefined };
  }
  if (state.suspect === 'changed' || (state.removalPending && observed.kind === 'unknown'))
    return { kind: 'read' };
  // A write whose version check fails returns the current entry, so no read is needed first.
  if (observed.kind !== 'entry' || state.suspect === 'missing')
    return { kind: 'write', record: desired, version: undefined };
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
