import { isError } from './async/abort.js';

/** A thrown value as an error: itself, or one with its message and with it as the cause. */
export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(messageOf(thrown), { cause: thrown });
}

/** The message of a thrown value, which may not be an `Error`. Never throws. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  try {
    return String(thrown);
  } catch {
    // Such as an object without a prototype.
    return Object.prototype.toString.call(thrown);
  }
}

/** The stack of an error that a method of the application threw, for `Logger.error`. */
export function stackOf(thrown: unknown): string | undefined {
  return thrown instanceof Error ? thrown.stack : undefined;
}
