import { SidekickError } from '../common/errors/index.js';

/** Standard input cannot be read; `cause` has the operating system's error. */
export class InputError extends SidekickError {
  readonly code = 'SIDEKICK_INPUT';
}
