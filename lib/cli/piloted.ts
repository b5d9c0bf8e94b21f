import { checkCommand } from './check.js';
import { listCommand } from './lists.js';
import { renderCommand } from './render.js';
import { EXIT, type Terminal } from './terminal.js';

const USAGE = `Usage: piloted COMMAND

  ls SERVICE...      print the endpoints of services
  watch SERVICE...   print them, and every change until it is interrupted
  check [FILE]       check a ContainerPilot file, and print every problem
  render [FILE]      print the file with its template rendered

Run piloted COMMAND --help for the options of a command.`;

/** Runs `piloted`: reads services from a registry as PilotedModule does, and checks ContainerPilot files. @returns the exit code */
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
