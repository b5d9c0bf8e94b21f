import { escapeControls } from '../common/escape.js';
import { similarName } from '../common/similar-name.js';
import { truncate } from '../common/strings.js';
import { call } from './commands/call.js';
import { check } from './commands/check.js';
import { completionOf } from './commands/completion.js';
import { doctor } from './commands/doctor.js';
import { get, keys } from './commands/keys.js';
import { leader } from './commands/leader.js';
import { ls } from './commands/ls.js';
import { render } from './commands/render.js';
import { watch } from './commands/watch.js';
import { type Command, runCommand } from './run-command.js';
import { EXIT, type Terminal } from './terminal.js';
import { packageVersion } from './version.js';

/** All commands by their names, in the order of the help. A new command needs one line here, and nothing else. */
const COMMANDS: Readonly<Record<string, Command>> = {
  ls,
  watch,
  call,
  keys,
  get,
  leader,
  doctor,
  check,
  render,
  completion: completionOf(() => Object.values(COMMANDS).map(({ syntax }) => syntax)),
};

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { syntax }]) => `  ${name.padEnd(12)}${syntax.summary}`);
  return `Usage: piloted COMMAND [OPTIONS]

${lines.join('\n')}

  --version   print the version
  --help      print this help

Run "piloted COMMAND --help" for the options and examples of a command.
Exit codes: 0; 1 the command failed, or found nothing; 2 the command line is invalid;
128 + n signal n ended the command before its result, such as 130 after Ctrl-C.`;
}

/**
 * Runs `piloted`: reads a registry as PilotedModule does, and checks ContainerPilot files.
 *
 * @returns the exit code
 */
export async function piloted(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command) return await runCommand(command, rest, terminal);
  switch (name) {
    case '--help':
    case '-help':
    case '-h':
    case 'help': {
      const [about] = rest;
      const named = about !== undefined && Object.hasOwn(COMMANDS, about) ? COMMANDS[about] : undefined;
      if (named) return await runCommand(named, ['--help'], terminal);
      terminal.out(usage());
      return EXIT.ok;
    }
    case '--version':
    case '-version':
    case '-v':
      terminal.out(packageVersion());
      return EXIT.ok;
    case undefined:
      terminal.err(`piloted: Expected a command, got none.\n\n${usage()}`);
      return EXIT.usage;
    default: {
      const hint = similarName(name, Object.keys(COMMANDS));
      terminal.err(
        `piloted: Expected a command, got "${escapeControls(truncate(name))}".${hint}\n\n${usage()}`,
      );
      return EXIT.usage;
    }
  }
}
