import { ConfigError } from '../containerpilot/config.error.js';
import { readContainerPilotFile } from '../containerpilot/load.js';
import { renderTemplate } from '../containerpilot/template/render.js';
import { type FileTerminal, runFileCommand } from './file-command.js';
import { EXIT } from './terminal.js';

const USAGE = `Usage: piloted render [FILE]

Prints a ContainerPilot configuration with its template rendered from the environment variables.
FILE may begin with file://; without it the environment variable CONTAINERPILOT is the path.
The output contains all secrets that the template takes from the environment.`;

/**
 * Runs `piloted render FILE`.
 *
 * @param args the arguments after `render`
 * @returns the exit code: 0 when the file was rendered, 1 when it was not, and for a wrong call
 */
export function renderCommand(args: readonly string[], terminal: FileTerminal): number {
  return runFileCommand(args, USAGE, terminal, (path) => render(path, terminal));
}

function render(path: string, { env, out, err }: FileTerminal): number {
  try {
    const { file, text } = readContainerPilotFile(path, env);
    // `out` adds the last newline.
    out(renderTemplate(text, env, file).replace(/\n$/, ''));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    err(error.message);
    return EXIT.failed;
  }
}
