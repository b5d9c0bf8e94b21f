import { parseArgs } from 'node:util';
import { InvalidOptionError } from '../common/errors/index.js';
import { escapeControls } from '../common/escape.js';
import { expected } from '../common/expected.js';
import { similarName } from '../common/similar-name.js';
import { truncate } from '../common/strings.js';
import { type Option, optionsOf, type Syntax } from './syntax.js';

/** The parsed arguments of a command. */
export class Arguments {
  constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    /** The words that are neither options nor their values. */
    readonly operands: readonly string[],
    /** The words after the first `--`, unchanged; undefined without one. */
    readonly command: readonly string[] | undefined,
  ) {}

  /** The value of an option, undefined where it is not given. */
  text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** All values of a repeated option. */
  all(name: string): readonly string[] {
    const value = this.values[name];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  }

  /** Whether a switch is given. */
  has(name: string): boolean {
    return this.values[name] === true;
  }

  /** @throws InvalidOptionError when the value is not a number */
  seconds(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) throw expected(name, 'a number of seconds', text);
    return value;
  }
}

/** A word of the command line for a message. */
function shown(word: string): string {
  return `"${escapeControls(truncate(word))}"`;
}

/** The name of the option that a word gives: `ttl` for `-ttl`, `--ttl` and `--ttl=5`. */
function optionName(word: string, options: Readonly<Record<string, Option>>): string {
  const name = word.replace(/^--?/, '').replace(/=.*$/s, '');
  if (Object.hasOwn(options, name)) return name;
  const byLetter = Object.entries(options).find(([, { short }]) => short === name);
  if (byLetter) return byLetter[0];
  throw new InvalidOptionError(
    `Expected an option of the command, got ${shown(word)}.${similarName(name, Object.keys(options))}`,
  );
}

/**
 * Writes each option as one word, `--name` or `--name=value`, for `parseArgs`: it accepts neither the single dash of Go
 * programs nor a value that begins with a dash.
 */
function normalize(args: readonly string[], syntax: Syntax): string[] {
  const options = optionsOf(syntax);
  const words: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i] ?? '';
    if (!/^-./s.test(word)) {
      words.push(word);
      continue;
    }
    const name = optionName(word, options);
    const equals = word.indexOf('=');
    const given = equals < 0 ? undefined : word.slice(equals + 1);
    const placeholder = options[name]?.value;
    if (placeholder === undefined) {
      if (given !== undefined)
        throw new InvalidOptionError(`Expected \`${name}\` without a value, got ${shown(word)}.`);
      words.push(`--${name}`);
      continue;
    }
    const value = given ?? args[(i += 1)];
    if (value === undefined)
      throw new InvalidOptionError(
        `Expected \`${name}\` to be followed by ${placeholder}, got the end of the line.`,
      );
    words.push(`--${name}=${value}`);
  }
  return words;
}

/**
 * Parses the arguments of a command. Accepts `-name value`, `--name value` and both with `=`, in any order with the
 * operands. A value may begin with a dash. The words after the first `--` are operands, or the command to run where the
 * syntax takes one.
 *
 * @throws InvalidOptionError for an unknown option, a missing value, or too many operands
 */
export function parseArguments(syntax: Syntax, args: readonly string[]): Arguments {
  const end = args.indexOf('--');
  const rest = end < 0 ? undefined : args.slice(end + 1);
  const types = Object.entries(optionsOf(syntax)).map(([name, { value, repeated = false }]) => {
    const type = value === undefined ? ('boolean' as const) : ('string' as const);
    return [name, { type, multiple: repeated }] as const;
  });
  const { values, positionals } = parseArgs({
    args: normalize(end < 0 ? args : args.slice(0, end), syntax),
    options: Object.fromEntries(types),
    allowPositionals: true,
    strict: true,
  });
  const runs = syntax.command === true;
  const operands = runs ? positionals : [...positionals, ...(rest ?? [])];
  const extra = operands[syntax.maxOperands];
  if (extra !== undefined && values.help !== true)
    throw new InvalidOptionError(
      syntax.maxOperands === 0
        ? `Expected options only, got ${shown(extra)}.`
        : `Expected at most ${syntax.maxOperands} argument${syntax.maxOperands === 1 ? '' : 's'}, got ${shown(extra)} too.`,
    );
  return new Arguments(values, operands, runs ? rest : undefined);
}
