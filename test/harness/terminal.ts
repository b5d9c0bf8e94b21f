import { PassThrough } from 'node:stream';
import { Interruption, type Terminal } from '../../lib/cli/terminal.js';

/** A terminal for the programs of `lib/cli`, that records what they print. */
export interface RecordedTerminal extends Terminal {
  readonly stdin: PassThrough;
  /** Lines of standard output and of standard error. */
  readonly outLines: string[];
  readonly errLines: string[];
  /** What was written to standard output without a newline. */
  readonly written: string[];
  /** Interrupts the program, as Ctrl-C does. */
  interrupt(): void;
  /** Sends a signal to the listener of `onSignal`. */
  signal(name: NodeJS.Signals): void;
}

/** @param changes replaces parts of the terminal, such as `env` and `screen` */
export function recordedTerminal(changes: Partial<Terminal> = {}): RecordedTerminal {
  const aborter = new AbortController();
  const outLines: string[] = [];
  const errLines: string[] = [];
  const written: string[] = [];
  let listener: ((signal: NodeJS.Signals) => void) | undefined;
  return {
    env: {},
    stdinIsTerminal: false,
    out: (line) => void outLines.push(line),
    write: (chunk) => void written.push(Buffer.from(chunk).toString()),
    err: (line) => void errLines.push(line),
    screen: undefined,
    interrupted: aborter.signal,
    followReader: () => () => undefined,
    onSignal: (next) => {
      listener = next;
      return () => (listener = undefined);
    },
    ...changes,
    stdin: new PassThrough(),
    outLines,
    errLines,
    written,
    interrupt: () => {
      aborter.abort(new Interruption('SIGINT'));
    },
    signal: (name) => {
      listener?.(name);
    },
  };
}
