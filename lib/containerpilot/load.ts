import { readFileSync, statSync } from 'node:fs';
import { hostname as machineName } from 'node:os';
import { ConfigError } from './config.error.js';
import { type ContainerPilotConfig } from './config.js';
import { ConfigDocument } from './document.js';
import { type Json5Document, parseJson5 } from './json5/parse.js';
import { Json5Failure } from './json5/scanner.js';
import { readConfig } from './schema/config.js';
import { TEMPLATE_LIMITS } from './template/limits.js';
import { type Env, render, type Rendered } from './template/render.js';

/** Options of {@link loadContainerPilot}. */
export interface LoadOptions {
  /** What the ids of services end with. The machine's hostname by default. */
  readonly hostname?: string;
}

/** A configuration and everything that is wrong with it. */
export interface CheckedContainerPilot {
  /** Undefined where there are problems. */
  readonly config: ContainerPilotConfig | undefined;
  /** Each with its place; empty where the configuration can be used. */
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
 * Renders and reads a configuration that is given as text.
 *
 * @param text JSON or JSON5 with a template's actions, of ContainerPilot 2 or 3
 * @param file its path, for messages
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
  const read = json && readConfig(document, json.root, env, hostname);
  if (!read || document.problems.length > 0) return { config: undefined, problems: document.problems };
  const { warnings } = document;
  const { unsetVariables } = rendered;
  return { config: freeze({ file, ...read, warnings, unsetVariables }), problems: [] };
}

/** Where a configuration is, of a path, `''` and the environment: a path, or the text itself. */
function locate(path: string, env: Env): string {
  const named = path === '' ? (env.CONTAINERPILOT ?? '') : path;
  if (named === '')
    throw new ConfigError(
      'undefined configfile: neither a path is given nor does the environment variable CONTAINERPILOT name one.',
    );
  return named;
}

/** Whether it is the configuration itself, as ContainerPilot 2 takes it in place of a path. */
function isText(named: string): boolean {
  return /^\s*\{/.test(named);
}

function withoutScheme(named: string): string {
  return named.startsWith('file://') ? named.slice('file://'.length) : named;
}

/**
 * Reads the file behind a path, `file://` URL, or `''` for the one that `CONTAINERPILOT` names.
 *
 * @throws ConfigError when none is named, or the file is not there, is no file, or is larger than 1 MiB
 */
export function readContainerPilotFile(
  path: string,
  env: Env,
): { readonly file: string | undefined; readonly text: string } {
  const named = locate(path, env);
  if (isText(named)) return { file: undefined, text: named };
  const file = withoutScheme(named);
  try {
    const stats = statSync(file);
    if (!stats.isFile())
      throw new ConfigError('Expected a file with a configuration, got something else.', { file });
    if (stats.size > TEMPLATE_LIMITS.size)
      throw new ConfigError(`Expected a file of at most ${TEMPLATE_LIMITS.size} bytes, got ${stats.size}.`, {
        file,
      });
    return { file, text: readFileSync(file, 'utf8').replace(/^\ufeff/, '') };
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const { code } = cause as { readonly code?: unknown };
    throw new ConfigError(
      `Expected a file that can be read (${typeof code === 'string' ? code : String(cause)}).`,
      { file, cause },
    );
  }
}

/**
 * Reads and checks a configuration, and gives every problem there is rather than throw the first.
 *
 * @param path as for {@link loadContainerPilot}
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
 * JSON5, and checks what it says.
 *
 * @param path of the file, also as `file://…`; `''` for the one that `CONTAINERPILOT` names; or the text itself
 * @param env for the template, `CONTAINERPILOT` and the `CONSUL_*` variables, such as `process.env`
 * @throws ConfigError with the place, the line with a caret and the unset variables; of several problems the first,
 *   with the others in its message
 */
export function loadContainerPilot(path: string, env: Env, options: LoadOptions = {}): ContainerPilotConfig {
  const { config, problems } = checkContainerPilot(path, env, options);
  if (config) return config;
  throw ConfigError.of(problems);
}
