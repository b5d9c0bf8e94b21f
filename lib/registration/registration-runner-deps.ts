import { type RequestQueue } from '../common/async/request-queue.js';
import { type FailureLog } from './failure-log.js';
import { type InitialRegistration } from './registration-machine.js';
import { type RegistrationEvent } from './registration-status.js';
import { type HeartbeatDeps } from './session-runner.js';
import { type Sweeps } from './sweeps.js';

/** What all runners of one registrar share. */
export interface RegistrationRunnerDeps<Runner> extends HeartbeatDeps {
  /** Limits the concurrent requests of all entries. */
  readonly requests: RequestQueue;
  readonly failures: FailureLog;
  /** The checks of all entries. */
  readonly sweeps: Sweeps;
  readonly onEvent: (event: RegistrationEvent) => void;
  /** Called when an entry no longer needs a former session. */
  readonly onMoved: () => void;
  /** Called once, when the entry of a runner no longer needs its session. */
  readonly onGone: (runner: Runner) => void;
}

/** Settings of one {@link RegistrationRunner}. */
export interface RegistrationRunnerSettings extends InitialRegistration {
  /** The key in statuses and events. */
  readonly key: string;
  /** {@link entryKeyId} of the record. */
  readonly entryId: string;
}
