import { SidekickError } from '../../common/errors/index.js';

/** An error of the worker thread without a public class, with its original code and message. */
export class WorkerFailureError extends SidekickError {
  readonly code: string;

  constructor({
    code,
    message,
    cause,
  }: {
    readonly code: string;
    readonly message: string;
    readonly cause?: Error | undefined;
  }) {
    super(message, { cause });
    this.code = code;
  }
}
