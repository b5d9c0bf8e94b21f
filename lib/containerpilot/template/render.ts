import { ConfigError } from '../config.error.js';
import { positionAt, sourceLine } from '../source-position.js';
import { execute } from './evaluate/execute.js';
import { type Segment } from './evaluate/output.js';
import { TemplateFailure } from './failure.js';
import { isFunction } from './functions/index.js';
import { TEMPLATE_LIMITS } from './limits.js';
import { parseTemplate } from './syntax/parser.js';
import { toBytes, toText } from './values/bytes.js';
import { Environment } from './values/value.js';

/** Environment variables by name, such as `process.env`. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The position in the template that produced a character. */
export interface Origin {
  /** Offset in the template, in UTF-16 code units. For the output of an action, the start of the action. */
  readonly offset: number;
  /** Whether the character is literal text of the template, and not the output of an action. */
  readonly literal: boolean;
}

/** The result of rendering a template. */
export interface Rendered {
  readonly text: string;
  /** Variables that the template reads but that are not set, in the order of the reads. */
  readonly unsetVariables: readonly string[];
  /** The origin of the character at `offset` of `text`. */
  origin(offset: number): Origin;
  /** Whether `text` from `start` up to `end` contains no output of an action. */
  isLiteral(start: number, end: number): boolean;
}

function environment(env: Env): Environment {
  const variables = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === 'string') variables.set(toBytes(name), toBytes(value));
  }
  return new Environment(variables);
}

/** The origin of byte `at` of an output. */
function originOf(segments: readonly Segment[], template: string, at: number): Origin {
  const segment = segments.findLast(({ start }) => start <= at);
  if (!segment) return { offset: 0, literal: true };
  const byte = segment.literal ? segment.pos + at - segment.start : segment.pos;
  // The position of an action is its first word. Its braces are easier to find.
  const from = segment.literal ? byte : Math.max(0, template.lastIndexOf('{{', byte));
  return { offset: toText(template.slice(0, from)).length, literal: segment.literal };
}

/**
 * Renders a template like {@link renderTemplate}, and returns the unset variables and the origin of each character too.
 *
 * @param file Path of the file, for errors.
 * @throws ConfigError as {@link renderTemplate} does
 */
export function render(text: string, env: Env, file?: string): Rendered {
  const size = Buffer.byteLength(text);
  if (size > TEMPLATE_LIMITS.sizeBytes)
    throw new ConfigError(`Expected a file of at most ${TEMPLATE_LIMITS.sizeBytes} bytes, got ${size}.`, {
      file,
    });
  const bytes = toBytes(text);
  const variables = environment(env);
  const unset = (): readonly string[] => Array.from(variables.unset, toText);
  try {
    const output = execute(parseTemplate(bytes, isFunction), variables);
    const rendered = toText(output.text);
    return {
      text: rendered,
      unsetVariables: unset(),
      origin: (offset) => originOf(output.segments, bytes, toBytes(rendered.slice(0, offset)).length),
      isLiteral: (start, end) => {
        const from = toBytes(rendered.slice(0, start)).length;
        const to = from + toBytes(rendered.slice(start, end)).length;
        const { segments } = output;
        return segments.every(
          (segment, i) =>
            segment.literal || segment.start >= to || (segments[i + 1]?.start ?? Infinity) <= from,
        );
      },
    };
  } catch (error) {
    if (!(error instanceof TemplateFailure)) throw error;
    const position = positionAt(text, toText(bytes.slice(0, error.offset)).length);
    throw new ConfigError(error.message, {
      file,
      ...position,
      source: sourceLine(text, position),
      unsetVariables: unset(),
    });
  }
}

/**
 * Renders a template as ContainerPilot renders its configuration. The language is Go's text/template. `.` is the
 * environment; an unset variable is `""`. In addition to Go's functions there are `default`, `env`, `split`, `join`,
 * `replaceAll`, `regexReplaceAll` and `loop`. A template can access nothing else.
 *
 * @param text The template, at most 1 MiB.
 * @param env The variables.
 * @param file Path of the file, for errors.
 * @throws ConfigError with line and column when the template has a syntax error, fails, or exceeds a limit: 1 MiB of
 *   output, 10,000 elements of `loop`, 200 nested blocks, 500,000 steps
 */
export function renderTemplate(text: string, env: Env, file?: string): string {
  return render(text, env, file).text;
}
