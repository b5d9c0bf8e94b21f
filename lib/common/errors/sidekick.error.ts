import { truncate } from '../strings.js';

/** Options every error of the library takes. */
export interface SidekickErrorOptions {
  /** What this error was made of, kept for debugging. */
  readonly cause?: unknown;
}

/** Characters of a message: what somebody else wrote may be in it, and nobody reads a megabyte. */
const LONGEST = 16_000;

/**
 * Base of every error the library throws. `code` is stable across versions and safe to branch on; `message` is
 * for people: what was expected, what was got, where, and what to do.
 */
export abstract class SidekickError extends Error {
  /** Stable identifier such as `SIDEKICK_INVALID_OPTION`; a number where the seed had numbers, as in `KeysError`. */
  abstract readonly code: string | number;

  constructor(message: string, options?: SidekickErrorOptions) {
    super(truncate(message, LONGEST), options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
  }
}
