import { SidekickError } from '../../common/errors/index.js';
import { type Failure } from './protocol.js';

/** An error of the worker thread, with its original code and message. */
export class WorkerFailureError extends SidekickError {
  readonly code: string;

  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}
