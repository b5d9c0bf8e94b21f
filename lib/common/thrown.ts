import { SidekickError } from './errors/index.js';

/** The message of a thrown value, which may not be an `Error`. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The stack of an error that application code threw, as the rest arguments of `Logger.error`. Empty for errors of this
 * library: their message is complete, and their stack contains no line of the application.
 */
export function stackOf(thrown: unknown): [stack?: string] {
  if (!(thrown instanceof Error) || thrown instanceof SidekickError || thrown.stack === undefined) return [];
  return [thrown.stack];
}
