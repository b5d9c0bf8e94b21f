import { SidekickError } from '../common/errors/index.js';
import { truncate } from '../common/strings.js';

/** What is known about where a configuration is wrong. */
export interface ConfigErrorPlace {
  /** Path of the file. */
  readonly file?: string | undefined;
  /** Line of the file, from 1. */
  readonly line?: number | undefined;
  /** Character of the line, from 1. */
  readonly column?: number | undefined;
  /** The line itself, and a caret below it. */
  readonly source?: string | undefined;
  /** What is wrong within the configuration: `watches[1].interval`. */
  readonly path?: string | undefined;
  /** Environment variables that the file's template read and that are not set, which may be the reason. */
  readonly unsetVariables?: readonly string[] | undefined;
  /** Further problems of the same file, for the message. */
  readonly others?: readonly ConfigError[] | undefined;
  readonly cause?: unknown;
}

/**
 * A ContainerPilot configuration cannot be read, rendered or understood. The message holds everything: the reason, the
 * place, the line with a caret, and the environment variables that were read but not set.
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
    /** What is wrong, without the place. */
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

  /** One error for several problems: the first, with the others in its message. */
  static of(problems: readonly ConfigError[]): ConfigError {
    const [first, ...others] = problems;
    if (!first) return new ConfigError('The configuration cannot be used.');
    if (others.length === 0) return first;
    const { file, line, column, source, path, unsetVariables, cause } = first;
    return new ConfigError(first.reason, { file, line, column, source, path, unsetVariables, others, cause });
  }
}

/** Characters of one reason in a message; what a file calls things may be in it. */
const LONGEST_REASON = 400;
const SHOWN_VARIABLES = 20;
const SHOWN_PROBLEMS = 20;

function describe(reason: string, place: ConfigErrorPlace): string {
  const { unsetVariables = [], others = [] } = place;
  const names = unsetVariables
    .slice(0, SHOWN_VARIABLES)
    .map((name) => truncate(name))
    .join(', ');
  const more =
    unsetVariables.length > SHOWN_VARIABLES ? ` and ${unsetVariables.length - SHOWN_VARIABLES} more` : '';
  return [
    at(reason, place),
    ...others.slice(0, SHOWN_PROBLEMS).map((other) => at(other.reason, other)),
    ...(others.length > SHOWN_PROBLEMS ? [`… and ${others.length - SHOWN_PROBLEMS} more problems.`] : []),
    ...(names === ''
      ? []
      : [`Environment variables that the file reads and that are not set: ${names}${more}.`]),
  ].join('\n');
}

/** A reason with its place before it, and the line below it. */
function at(reason: string, { file, line, column, source }: ConfigErrorPlace): string {
  const name = file ?? (line === undefined ? undefined : 'configuration');
  const place = [name, line, column].filter((part) => part !== undefined).join(':');
  const why = truncate(reason, LONGEST_REASON);
  return [
    place === '' ? why : `${truncate(place, LONGEST_REASON)}: ${why}`,
    ...(source === undefined ? [] : [source]),
  ].join('\n');
}
