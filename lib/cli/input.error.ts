import { SidekickError } from '../common/errors/index.js';

/** Standard input cannot be read. `cause` is the error of the operating system. */
export class InputError extends SidekickError {
  readonly code = 'SIDEKICK_INPUT';
}
