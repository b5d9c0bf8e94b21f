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

/** Where a piece of rendered text comes from. */
export interface Origin {
  /** The character of the template. */
  readonly offset: number;
  /** Whether the template has it as it is; false where an action made it, which begins at `offset`. */
  readonly literal: boolean;
}

/** What a template became. */
export interface Rendered {
  readonly text: string;
  /** Variables that the template read and that are not set, in the order of reading. */
  readonly unsetVariables: readonly string[];
  /** Where the character at `offset` of `text` comes from. */
  origin(offset: number): Origin;
  /** Whether the characters from `start` up to `end` of `text` are the template's own. */
  isLiteral(start: number, end: number): boolean;
}

function environment(env: Env): Environment {
  const variables = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === 'string') variables.set(toBytes(name), toBytes(value));
  }
  return new Environment(variables);
}

/** Where byte `at` of an output comes from. */
function originOf(segments: readonly Segment[], template: string, at: number): Origin {
  const segment = segments.findLast(({ start }) => start <= at);
  if (!segment) return { offset: 0, literal: true };
  const byte = segment.literal ? segment.pos + at - segment.start : segment.pos;
  // An action's place is that of its first word; what people look for are its braces.
  const from = segment.literal ? byte : Math.max(0, template.lastIndexOf('{{', byte));
  return { offset: toText(template.slice(0, from)).length, literal: segment.literal };
}

/**
 * Renders a template, and tells which variables it found unset. See {@link renderTemplate}.
 *
 * @param file its path, for errors
 */
export function render(text: string, env: Env, file?: string): Rendered {
  const size = Buffer.byteLength(text);
  if (size > TEMPLATE_LIMITS.size)
    throw new ConfigError(`Expected a file of at most ${TEMPLATE_LIMITS.size} bytes, got ${size}.`, { file });
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
    const place = positionAt(text, toText(bytes.slice(0, error.offset)).length);
    throw new ConfigError(error.message, {
      file,
      ...place,
      source: sourceLine(text, place),
      unsetVariables: unset(),
    });
  }
}

/**
 * Renders a template as ContainerPilot renders its configuration: Go's text/template, whole, with the environment as
 * `.` (a variable that is not set is `""`) and the functions `default`, `env`, `split`, `join`, `replaceAll`,
 * `regexReplaceAll` and `loop` besides Go's own. A template reaches the environment and these functions, nothing else.
 *
 * @param text the template, at most 1 MiB
 * @param env the variables; a value is taken whole, whatever it holds
 * @param file the path of the file that the template is, for errors
 * @throws ConfigError with line and column when the template is not well-formed, fails, or does not come to an end
 *   within bounds: 1 MiB of output, `loop` of 10,000, blocks 200 deep, half a million steps
 */
export function renderTemplate(text: string, env: Env, file?: string): string {
  return render(text, env, file).text;
}
