import { readFileSync, statSync } from 'node:fs';
import { hostname as machineName } from 'node:os';
import { ConfigError } from './config.error.js';
import { type ContainerPilotConfig } from './config.js';
import { ConfigDocument } from './config-document.js';
import { type Json5Document, parseJson5 } from './json5/parse.js';
import { Json5Failure } from './json5/scanner.js';
import { readConfig } from './schema/config.js';
import { TEMPLATE_LIMITS } from './template/limits.js';
import { type Env, render, type Rendered } from './template/render.js';

/** Options of {@link loadContainerPilot}. */
export interface LoadOptions {
  /**
   * The end of the ids of services.
   *
   * @default os.hostname()
   */
  readonly hostname?: string;
}

/** A configuration and its problems. */
export interface CheckedContainerPilot {
  /** Undefined if there are problems. */
  readonly config: ContainerPilotConfig | undefined;
  /** Each with its position. Empty if the configuration is valid. */
  readonly problems: readonly ConfigError[];
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}

function parse(document: ConfigDocument, rendered: Rendered): Json5Document | undefined {
  try {
    return parseJson5(rendered.text);
  } catch (error) {
    if (!(error instanceof Json5Failure)) throw error;
    document.problem(error.offset, () => error.message);
    return undefined;
  }
}

/**
 * Renders and checks a configuration that is given as a string.
 *
 * @param text JSON or JSON5 with template actions, of ContainerPilot 2 or 3.
 */
export function checkContainerPilotText(
  text: string,
  env: Env,
  options: LoadOptions & { readonly file?: string } = {},
): CheckedContainerPilot {
  const { file, hostname = machineName() } = options;
  let rendered: Rendered;
  try {
    rendered = render(text, env, file);
  } catch (error) {
    if (error instanceof ConfigError) return { config: undefined, problems: [error] };
    throw error;
  }
  const document = new ConfigDocument(file, text, rendered);
  const json = parse(document, rendered);
  json?.remarks.forEach(({ offset, text: remark }) => document.warn(offset, () => remark));
  const config = json && readConfig(document, json.root, env, hostname);
  if (!config || document.problems.length > 0) return { config: undefined, problems: document.problems };
  const { warnings } = document;
  const { unsetVariables } = rendered;
  return { config: freeze({ file, ...config, warnings, unsetVariables }), problems: [] };
}

/** Returns the path or the text of the configuration: `path`, or the variable `CONTAINERPILOT` if `path` is empty. */
function locate(path: string, env: Env): string {
  const location = path === '' ? (env.CONTAINERPILOT ?? '') : path;
  if (location.trim() === '')
    throw new ConfigError(
      'undefined configfile: no path is given, and the environment variable CONTAINERPILOT is not set.',
    );
  return location;
}

/** Whether `location` is the configuration itself. ContainerPilot 2 accepts it in place of a path. */
function isText(location: string): boolean {
  return /^\s*\{/.test(location);
}

function withoutScheme(location: string): string {
  return location.startsWith('file://') ? location.slice('file://'.length) : location;
}

/**
 * Reads the file of a path or a `file://` URL. An empty path means the variable `CONTAINERPILOT`.
 *
 * @throws ConfigError when no path is given, or the file cannot be read, is not a regular file or is larger than 1 MiB
 */
export function readContainerPilotFile(
  path: string,
  env: Env,
): { readonly file: string | undefined; readonly text: string } {
  const location = locate(path, env);
  if (isText(location)) return { file: undefined, text: location };
  const file = withoutScheme(location);
  try {
    const stats = statSync(file);
    if (!stats.isFile())
      throw new ConfigError('Expected a file, got a directory or a special file.', { file });
    if (stats.size > TEMPLATE_LIMITS.sizeBytes)
      throw new ConfigError(
        `Expected a file of at most ${TEMPLATE_LIMITS.sizeBytes} bytes, got ${stats.size}.`,
        {
          file,
        },
      );
    return { file, text: readFileSync(file, 'utf8').replace(/^\ufeff/, '') };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const { code } = cause as { readonly code?: unknown };
    throw new ConfigError(`Expected a readable file (${typeof code === 'string' ? code : String(cause)}).`, {
      file,
      cause,
    });
  }
}

/**
 * Reads and checks a configuration. Unlike {@link loadContainerPilot} it returns all problems instead of throwing.
 *
 * @param path As for {@link loadContainerPilot}.
 */
export function checkContainerPilot(
  path: string,
  env: Env,
  options: LoadOptions = {},
): CheckedContainerPilot {
  try {
    const { file, text } = readContainerPilotFile(path, env);
    return checkContainerPilotText(text, env, { ...options, ...(file === undefined ? {} : { file }) });
  } catch (error) {
    if (error instanceof ConfigError) return { config: undefined, problems: [error] };
    throw error;
  }
}

/**
 * Loads a configuration of ContainerPilot 2 or 3: reads the file, renders its template with `env`, parses JSON or
 * JSON5, and validates it.
 *
 * @param path Path or `file://` URL of the file; an empty string for the variable `CONTAINERPILOT`; or the configuration
 *   itself.
 * @param env Variables for the template, `CONTAINERPILOT` and the `CONSUL_*` variables, such as `process.env`.
 * @throws ConfigError with the position, the line with a caret and the unset variables. It is the first problem, with the
 *   others in its message.
 */
export function loadContainerPilot(path: string, env: Env, options: LoadOptions = {}): ContainerPilotConfig {
  const { config, problems } = checkContainerPilot(path, env, options);
  if (config) return config;
  throw ConfigError.of(problems);
}
