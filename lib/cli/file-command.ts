import { EXIT, type Terminal } from './terminal.js';

/** The part of a {@link Terminal} that commands on a file use. */
export type FileTerminal = Pick<Terminal, 'env' | 'out' | 'err'>;

/**
 * Runs a command whose only argument is an optional path. Prints the usage for `--help` and for a wrong call.
 *
 * @param run called with the path, '' without an argument; returns the exit code
 * @returns the exit code
 */
export function runFileCommand(
  args: readonly string[],
  usage: string,
  { out, err }: FileTerminal,
  run: (path: string) => number,
): number {
  if (args.includes('--help') || args.includes('-h')) {
    out(usage);
    return EXIT.ok;
  }
  const [path = '', ...rest] = args;
  if (rest.length > 0 || path.startsWith('-')) {
    err(usage);
    return EXIT.usage;
  }
  return run(path);
}
