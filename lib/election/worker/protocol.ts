import { type DeposedReason, type Leader } from '../election.js';
import { type ElectionCommand } from '../election-state.js';
import { type LockLostReason } from '../lock-lost.error.js';
import { type SkipReason } from '../locks.js';

/** A request of the main thread about elections and locks. */
export type ElectionRequest =
  /** The first one. */
  | {
      readonly kind: 'elections';
      /** Seconds. */
      readonly ttl: number;
      /** Until when the main thread counts as alive. */
      readonly alive: SharedArrayBuffer;
      /** Until when locks are held without a further acknowledgement. */
      readonly session: SharedArrayBuffer;
    }
  /** Observes an election. */
  | { readonly kind: 'candidacy'; readonly election: string; readonly memory: SharedArrayBuffer }
  | {
      readonly kind: 'command';
      readonly election: string;
      /** Increases with each command of one candidacy. */
      readonly number: number;
      readonly command: ElectionCommand;
    }
  /** Answered when the key has no record of this process that is not released. */
  | { readonly kind: 'released'; readonly election: string }
  | { readonly kind: 'observe-lock'; readonly lock: string }
  | {
      readonly kind: 'acquire-lock';
      readonly lock: string;
      /** Number of the run, if it is granted. */
      readonly run: number;
      readonly lockAtMostForMs: number;
      readonly lockAtLeastForMs: number;
    }
  /** `unused`: the job has not begun, so that `lockAtLeastFor` does not apply. */
  | { readonly kind: 'end-lock'; readonly run: number; readonly unused: boolean }
  | { readonly kind: 'close-elections' };

/** The result of `acquire-lock`. */
export type ElectionResult =
  | { readonly granted: true; readonly term: string }
  | { readonly granted: false; readonly reason: SkipReason };

/** What the worker knows of one election. */
export interface CandidacyView {
  /** The own term while this process leads. Until when is in the shared memory. */
  readonly term: string | undefined;
  /** How often leadership has ended, and why it did at last. */
  readonly endings: number;
  readonly reason: DeposedReason | undefined;
  readonly leader: Leader | undefined;
}

/** A message of the worker. */
export type ElectionReport =
  | {
      readonly kind: 'candidacy';
      readonly election: string;
      /** Number of the last command that is applied. */
      readonly applied: number;
      readonly view: CandidacyView;
      /** Seconds granted. */
      readonly ttl: number;
    }
  | {
      readonly kind: 'term-went-back';
      readonly election: string;
      readonly term: string;
      readonly highest: string;
    }
  | { readonly kind: 'lock-lost'; readonly run: number; readonly reason: LockLostReason };
