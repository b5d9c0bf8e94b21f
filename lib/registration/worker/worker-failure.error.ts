import { InvalidOptionError, RegistryRefusedError, SidekickError } from '../../common/errors/index.js';
import { type Failure } from './protocol.js';

/** An error of the worker thread, with its original code and message. */
export class WorkerFailureError extends SidekickError {
  readonly code: string;

  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}

/** Creates the error of the main thread for a failure in the worker: with its original class, if it has a message alone. */
export function errorOf(failure: Failure): SidekickError {
  switch (failure.code) {
    case 'SIDEKICK_INVALID_OPTION':
      return new InvalidOptionError(failure.message);
    case 'SIDEKICK_REGISTRY_REFUSED':
      return new RegistryRefusedError(failure.message);
    default:
      return new WorkerFailureError(failure);
  }
}
