import { SidekickError } from '../../common/errors/index.js';
import { type Failure } from './protocol.js';

/** An error of the heartbeat's worker thread, with the code and the message it had there. */
export class WorkerFailureError extends SidekickError {
  readonly code: string;

  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}
