import { SidekickError } from './sidekick.error.js';

/** One attempt did not answer within its time. Whether it took effect on the server is not known. */
export class DeadlineExceededError extends SidekickError {
  readonly code = 'SIDEKICK_DEADLINE_EXCEEDED';
}
