import { type Budget } from '../limits.js';
import { type Environment, type Value } from '../values/value.js';

/** What a function can use in addition to its arguments. */
export interface Context {
  readonly environment: Environment;
  readonly budget: Budget;
}

/** The type of a parameter: a string, a slice of strings, or any value. */
export type Parameter = 'string' | 'strings' | 'any';

/** A function of the template language. */
export interface TemplateFunction {
  readonly parameters: readonly Parameter[];
  /** Whether the last parameter accepts any number of arguments, including none. */
  readonly variadic?: boolean;
  /**
   * Calls the function. The number and the types of the arguments are checked before.
   *
   * @throws CallFailure when the arguments are invalid or exceed a limit
   */
  call(args: readonly Value[], context: Context): Value;
}

/** Functions by name. */
export type Functions = Readonly<Record<string, TemplateFunction>>;
