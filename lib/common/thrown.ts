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
