import { SidekickError } from '../common/errors/index.js';

/** Why a run has lost its lock. */
export type LockLostReason = 'lock-at-most-for' | 'expired' | 'session-gone' | 'record-lost' | 'shutdown';

const REASONS: Readonly<Record<LockLostReason, string>> = Object.freeze({
  'lock-at-most-for': 'the job ran longer than `lockAtMostFor`, so that another run may start',
  expired: 'the registry has not acknowledged the session in time',
  'session-gone': 'the session in the registry has ended',
  'record-lost': 'another client removed or replaced its record',
  shutdown: 'the application stops',
});

/** The reason with which the signal of a run aborts. */
export class LockLostError extends SidekickError {
  readonly code = 'SIDEKICK_LOCK_LOST';

  constructor(
    lock: string,
    /** Why the run has lost its lock. */
    readonly reason: LockLostReason,
  ) {
    super(`The run of "${lock}" ends: ${REASONS[reason]}.`);
  }
}
