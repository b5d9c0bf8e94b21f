/** What a method with `@LeaderOnly`, `@Locked` or `@OnElected` receives for one run. */
export interface RunContext {
  /**
   * The fencing token: a decimal string that grows with every leader of the election, or with every run under the lock.
   * Compare it as an integer.
   */
  readonly term: string;
  /** Aborted when leadership or the lock is lost, and when the application stops. */
  readonly signal: AbortSignal;
}

class Context implements RunContext {
  constructor(
    readonly term: string,
    readonly signal: AbortSignal,
  ) {}
}

/** The context that an outer decorator, or the caller, passed on as the last argument. */
export function outerContext(args: readonly unknown[]): RunContext | undefined {
  const last = args.at(-1);
  return last instanceof Context ? last : undefined;
}

/**
 * The arguments of a decorated method, with the context of this run: the first argument of a call without arguments, or
 * with one `undefined`, as `cron` calls its jobs; else after the arguments and in no place before the last declared
 * parameter. The context of an outer decorator is replaced.
 *
 * @param declared The `length` of the method.
 */
export function withContext(
  args: readonly unknown[],
  declared: number,
  { term, signal }: RunContext,
): readonly unknown[] {
  const context = Object.freeze(new Context(term, signal));
  if (outerContext(args)) return [...args.slice(0, -1), context];
  if (args.length === 0 || (args.length === 1 && args[0] === undefined)) return [context];
  const gap = Math.max(0, declared - 1 - args.length);
  return [...args, ...Array.from({ length: gap }, () => undefined), context];
}
