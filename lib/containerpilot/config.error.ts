import { SidekickError } from '../common/errors/index.js';
import { truncate } from '../common/strings.js';

/** The position of a problem in a configuration. */
export interface ConfigErrorPlace {
  /** Path of the file. */
  readonly file?: string | undefined;
  /** One-based line of the file. */
  readonly line?: number | undefined;
  /** One-based character of the line. */
  readonly column?: number | undefined;
  /** The line, with a caret below the column. */
  readonly source?: string | undefined;
  /** Path of the value in the configuration: `watches[1].interval`. */
  readonly path?: string | undefined;
  /** Environment variables that the template reads but that are not set. They may be the cause. */
  readonly unsetVariables?: readonly string[] | undefined;
  /** Other problems of the same file, for the message. */
  readonly others?: readonly ConfigError[] | undefined;
  readonly cause?: unknown;
}

/**
 * A ContainerPilot configuration cannot be read, rendered or parsed, or is invalid. The message contains the reason, the
 * position, the line with a caret, and the environment variables that were read but are not set.
 */
export class ConfigError extends SidekickError {
  readonly code = 'SIDEKICK_CONFIG';
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly source: string | undefined;
  readonly path: string | undefined;
  readonly unsetVariables: readonly string[];

  constructor(
    /** The reason, without the position. */
    readonly reason: string,
    place: ConfigErrorPlace = {},
  ) {
    super(describe(reason, place), { cause: place.cause });
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
    this.source = place.source;
    this.path = place.path;
    this.unsetVariables = Object.freeze([...(place.unsetVariables ?? [])]);
  }

  /** Combines several problems into one error: the first, with the others in its message. */
  static of(problems: readonly ConfigError[]): ConfigError {
    const [first, ...others] = problems;
    if (!first) return new ConfigError('The configuration cannot be used.');
    if (others.length === 0) return first;
    const { file, line, column, source, path, unsetVariables, cause } = first;
    return new ConfigError(first.reason, { file, line, column, source, path, unsetVariables, others, cause });
  }
}

/** Maximum length of one reason in a message, in UTF-16 code units. A reason may contain names from the file. */
const MAX_REASON_LENGTH = 400;
const MAX_VARIABLES = 20;
const MAX_PROBLEMS = 20;

function describe(reason: string, place: ConfigErrorPlace): string {
  const { unsetVariables = [], others = [] } = place;
  const names = unsetVariables
    .slice(0, MAX_VARIABLES)
    .map((name) => truncate(name))
    .join(', ');
  const more =
    unsetVariables.length > MAX_VARIABLES ? ` and ${unsetVariables.length - MAX_VARIABLES} more` : '';
  return [
    at(reason, place),
    ...others.slice(0, MAX_PROBLEMS).map((other) => at(other.reason, other)),
    ...(others.length > MAX_PROBLEMS ? [`… and ${others.length - MAX_PROBLEMS} more problems.`] : []),
    ...(names === ''
      ? []
      : [`Environment variables that the file reads and that are not set: ${names}${more}.`]),
  ].join('\n');
}

/** Formats a reason with its position before it and the line below it. */
function at(reason: string, { file, line, column, source }: ConfigErrorPlace): string {
  const name = file ?? (line === undefined ? undefined : 'configuration');
  const place = [name, line, column].filter((part) => part !== undefined).join(':');
  const why = truncate(reason, MAX_REASON_LENGTH);
  return [
    place === '' ? why : `${truncate(place, MAX_REASON_LENGTH)}: ${why}`,
    ...(source === undefined ? [] : [source]),
  ].join('\n');
}
