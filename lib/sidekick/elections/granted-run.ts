import { finalize, isObservable } from 'rxjs';
import { linkSignals } from '../../common/async/abort.js';
import { type Method } from '../../nest/replace-method.js';
import { outerContext, withContext } from './run-context.js';

/** The permission for one run of a method: a `LeaderRun` or a `LockRun`. */
export interface Grant {
  readonly term: string;
  readonly signal: AbortSignal;
  end(): void;
}

/** A method on its instance, with the arguments of the caller. */
export interface MethodCall {
  readonly method: Method;
  readonly instance: unknown;
  readonly args: readonly unknown[];
}

/**
 * Calls the method with the context of the run. The run ends when the method throws or returns, when the promise that it
 * returns settles, or when the observable that it returns ends. Result and error are those of the method.
 */
export function runGranted(grant: Grant, { method, instance, args }: MethodCall): unknown {
  // The run of an outer decorator, or of a method that passed its context on, aborts this one too.
  const linked = linkSignals(grant.signal, outerContext(args)?.signal);
  const done = (): void => {
    linked.release();
    grant.end();
  };
  let result: unknown;
  try {
    result = method.apply(instance, [
      ...withContext(args, method.length, { term: grant.term, signal: linked.signal }),
    ]);
  } catch (error) {
    done();
    throw error;
  }
  if (isObservable(result)) return result.pipe(finalize(done));
  // Not a copy of the promise's outcome: a rejection that the caller does not handle stays unhandled.
  if (isThenable(result)) return Promise.resolve(result).finally(done);
  done();
  return result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}
