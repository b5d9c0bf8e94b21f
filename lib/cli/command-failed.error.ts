import { SidekickError } from '../common/errors/index.js';

/** A command cannot do what it was asked for. */
export class CommandFailedError extends SidekickError {
  readonly code = 'SIDEKICK_COMMAND_FAILED';
}
