import { SidekickError } from '../common/errors/index.js';
import { type DeposedReason } from './election.js';

const REASONS: Readonly<Record<DeposedReason, string>> = Object.freeze({
  expired: 'no write of its record was acknowledged in time; it leads again if the record is still its own',
  'session-gone': 'its session in the registry has ended',
  hung: 'its main thread did not respond for `maxHang`; it leads again if the record is still its own',
  'record-lost': 'another client removed or replaced its record',
  resigned: 'it has resigned',
  shutdown: 'the application stops',
});

/** The reason with which the signals of a term abort. */
export class LeadershipLostError extends SidekickError {
  readonly code = 'SIDEKICK_LEADERSHIP_LOST';

  constructor(
    election: string,
    /** Why the term ended. */
    readonly reason: DeposedReason,
  ) {
    super(`This instance no longer leads "${election}": ${REASONS[reason]}.`);
  }
}
