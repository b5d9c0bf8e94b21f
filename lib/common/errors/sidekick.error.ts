import { truncate } from '../strings.js';

/** Options of every error of the library. */
export interface SidekickErrorOptions {
  /** The error or value that caused this error. */
  readonly cause?: unknown;
}

/** Maximum length of a message, in UTF-16 code units. A message may contain strings from a server or a file. */
const MAX_MESSAGE_LENGTH = 16_000;

/**
 * Base class of every error of the library. `code` is stable across versions, so that applications may branch on it.
 * `message` is for people: what was expected, what was got, where, and what to do.
 */
export abstract class SidekickError extends Error {
  /** Stable identifier such as `SIDEKICK_INVALID_OPTION`. A number for the errors of etcd's v2 API, as in `KeysError`. */
  abstract readonly code: string | number;

  constructor(message: string, options?: SidekickErrorOptions) {
    super(
      truncate(message, MAX_MESSAGE_LENGTH),
      options?.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = new.target.name;
  }
}
