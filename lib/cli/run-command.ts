import { InvalidOptionError, SidekickError } from '../common/errors/index.js';
import { type Arguments, parseArguments } from './arguments.js';
import { helpOf, type Syntax, usageOf } from './syntax.js';
import { EXIT, interruptedCode, type Terminal } from './terminal.js';

/** A command: what it accepts, and what it does. */
export interface Command {
  readonly syntax: Syntax;
  /** @returns the exit code */
  readonly run: (args: Arguments, terminal: Terminal) => Promise<number> | number;
}

/**
 * Runs a command. Prints its help for `--help`, the reason and the usage for an invalid command line, and the message of an
 * error of the library.
 *
 * @returns the exit code
 */
export async function runCommand(
  { syntax, run }: Command,
  words: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { name } = syntax;
  try {
    const args = parseArguments(syntax, words);
    if (args.has('help')) {
      terminal.out(helpOf(syntax));
      return EXIT.ok;
    }
    return await run(args, terminal);
  } catch (error) {
    // The user interrupted the command, or the reader of its output ended.
    if (terminal.interrupted.aborted) return interruptedCode(terminal.interrupted);
    if (!(error instanceof SidekickError)) throw error;
    terminal.err(`${name}: ${error.message}`);
    if (!(error instanceof InvalidOptionError)) return EXIT.failed;
    terminal.err(`\n${usageOf(syntax)}\nRun "${name} ${syntax.dashes}help" for the options and examples.`);
    return EXIT.usage;
  }
}
