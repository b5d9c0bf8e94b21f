import { type Budget } from '../limits.js';
import { type Environment, type Value } from '../values/value.js';

/** What a function may use besides its arguments. */
export interface Context {
  readonly environment: Environment;
  readonly budget: Budget;
}

/** What a parameter takes: a string, a list of strings, or anything. */
export type Parameter = 'string' | 'strings' | 'any';

/** A function of the template language. */
export interface TemplateFunction {
  readonly parameters: readonly Parameter[];
  /** Whether the last parameter may be given any number of times, or not at all. */
  readonly variadic?: boolean;
  /**
   * Gets arguments that fit the parameters.
   *
   * @throws CallFailure when they do not make sense
   */
  call(args: readonly Value[], context: Context): Value;
}

/** A function's table entry. */
export type Functions = Readonly<Record<string, TemplateFunction>>;
