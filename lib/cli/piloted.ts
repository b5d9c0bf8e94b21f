import { checkCommand } from './check.js';
import { listCommand } from './lists.js';
import { renderCommand } from './render.js';
import { EXIT, type Terminal } from './terminal.js';

const USAGE = `Usage: piloted COMMAND

  ls SERVICE...      the endpoints of services
  watch SERVICE...   the same, and every change until it is interrupted
  check [FILE]       whether a ContainerPilot file can be used, with every problem
  render [FILE]      the file with its template rendered

piloted COMMAND --help tells more.`;

/** Looks at a registry as PilotedModule does, and at ContainerPilot's file. @returns the exit code */
export async function piloted(args: readonly string[], terminal: Terminal): Promise<number> {
  const [command, ...rest] = args;
  switch (command) {
    case 'ls':
      return await listCommand(rest, terminal, { follow: false });
    case 'watch':
      return await listCommand(rest, terminal, { follow: true });
    case 'check':
      return checkCommand(rest, terminal);
    case 'render':
      return renderCommand(rest, terminal);
    case '--help':
    case '-h':
    case 'help':
      terminal.out(USAGE);
      return EXIT.ok;
    default:
      terminal.err(USAGE);
      return EXIT.usage;
  }
}
