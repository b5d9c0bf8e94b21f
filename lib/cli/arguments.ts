import { parseArgs, type ParseArgsConfig } from 'node:util';
import { InvalidOptionError } from '../common/errors/index.js';
import { truncate } from '../common/strings.js';

/** Longest error message in characters. A message repeats the bad argument. */
const MAX_MESSAGE_CHARACTERS = 400;

/** Flags by name, and the remaining arguments. */
export interface Arguments {
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly rest: readonly string[];
}

/**
 * Reads `--name value`, `--name=value`, and the single-dash long form of Go programs, such as `-name value`.
 *
 * @throws InvalidOptionError for an unknown flag or a missing value
 */
export function readArguments(
  args: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
): Arguments {
  const long = args.map((arg) => (/^-[^-]./s.test(arg) ? `-${arg}` : arg));
  try {
    const { values, positionals } = parseArgs({ args: long, options, allowPositionals: true, strict: true });
    return { flags: values as Arguments['flags'], rest: positionals };
  } catch (error) {
    throw new InvalidOptionError(truncate((error as Error).message, MAX_MESSAGE_CHARACTERS), {
      cause: error,
    });
  }
}
