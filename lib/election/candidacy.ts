import { type Leader } from './election.js';
import { type ElectionCommand, type ElectionPhase, type ElectionSignal } from './election-state.js';

/** Receives what happens in an election, in its order. */
export type CandidacyListener = (signal: ElectionSignal) => void;

/** The part of this process in one election: observes its key, and campaigns on request. */
export interface Candidacy {
  /** Whether this process leads. Reads the monotonic clock. */
  readonly leads: boolean;
  /** The own term; undefined unless this process leads. */
  readonly term: string | undefined;
  /** The leader that is known. */
  readonly leader: Leader | undefined;
  readonly phase: ElectionPhase;
  /** Whether this process campaigns. */
  readonly campaigns: boolean;
  /** Applies a command. Its signals are delivered before it returns. */
  dispatch(command: ElectionCommand): void;
  /** Resolves when the key has no record of this process that is not released. */
  released(): Promise<void>;
}
