import { SidekickError } from './sidekick.error.js';

/** A registry, client or other object is used after it was closed. */
export class ClosedError extends SidekickError {
  readonly code = 'SIDEKICK_CLOSED';

  /** @param owner The closed object, as the subject of a sentence: "The registry memory:". */
  constructor(owner: string) {
    super(`${owner} has been closed.`);
  }
}
