import { ConfigError } from '../containerpilot/config.error.js';
import { readContainerPilotFile } from '../containerpilot/load.js';
import { renderTemplate } from '../containerpilot/template/render.js';
import { EXIT, type Terminal } from './terminal.js';

const USAGE = `Usage: piloted render [FILE]

Prints a ContainerPilot configuration with its template rendered from the environment.
FILE may begin with file://; without it the variable CONTAINERPILOT names the file.
What it prints holds whatever secrets the environment put there.`;

/**
 * `piloted render FILE`.
 *
 * @param args what follows `render` on the command line
 * @returns the exit code: 0 when the file was rendered, 1 when it could not be and for a wrong call
 */
export function renderCommand(
  args: readonly string[],
  { env, out, err }: Pick<Terminal, 'env' | 'out' | 'err'>,
): number {
  if (args.includes('--help') || args.includes('-h')) {
    out(USAGE);
    return EXIT.ok;
  }
  const [path = '', ...rest] = args;
  if (rest.length > 0 || path.startsWith('-')) {
    err(USAGE);
    return EXIT.usage;
  }
  try {
    const { file, text } = readContainerPilotFile(path, env);
    // A line is ended by writing it.
    out(renderTemplate(text, env, file).replace(/\n$/, ''));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    err(error.message);
    return EXIT.failed;
  }
}
