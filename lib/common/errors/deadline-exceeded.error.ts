import { SidekickError } from './sidekick.error.js';

/** An attempt got no response before its deadline. It may still have taken effect on the server. */
export class DeadlineExceededError extends SidekickError {
  readonly code = 'SIDEKICK_DEADLINE_EXCEEDED';
}
