import { isatty } from 'node:tty';
import { escapeLines } from '../common/escape.js';
import { onReaderEnd } from './pipe-reader.js';
import { StandardStream } from './standard-stream.js';
import { EXIT, Interruption, type Screen, type Terminal } from './terminal.js';

/** Signals that end a program. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Signals for {@link Terminal.onSignal}. */
const ALL = [...ENDING, 'SIGQUIT'] as const;

const STDOUT = 1;
const STDIN = 0;

function screenOf(): Screen | undefined {
  if (!isatty(STDOUT)) return undefined;
  return {
    size: () => ({ columns: process.stdout.columns, rows: process.stdout.rows }),
    onResize: (listener) => {
      process.stdout.on('resize', listener);
      return () => void process.stdout.removeListener('resize', listener);
    },
  };
}

/** Passes signals to the last listener, or aborts `interrupted` at the first that ends a program. */
class Signals {
  private readonly aborter = new AbortController();
  private readonly remove = new Map<NodeJS.Signals, () => void>();

  get interrupted(): AbortSignal {
    return this.aborter.signal;
  }

  /** @param by the signal; undefined when standard output is the reason */
  readonly interrupt = (by?: NodeJS.Signals): void => {
    // A second signal then ends the process, should cleaning up take too long.
    this.close();
    this.aborter.abort(by && new Interruption(by));
  };

  constructor() {
    for (const signal of ENDING) this.listen(signal, this.interrupt);
  }

  readonly onSignal = (listener: (signal: NodeJS.Signals) => void): (() => void) => {
    this.close();
    for (const signal of ALL) this.listen(signal, listener);
    return () => {
      this.close();
      if (!this.interrupted.aborted) for (const signal of ENDING) this.listen(signal, this.interrupt);
    };
  };

  close(): void {
    for (const remove of this.remove.values()) remove();
    this.remove.clear();
  }

  private listen(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): void {
    const call = (): void => {
      listener(signal);
    };
    process.on(signal, call);
    this.remove.set(signal, () => void process.removeListener(signal, call));
  }
}

/**
 * Runs a program on the real process and sets the exit code. It never calls `process.exit`, which would cut the output to
 * a pipe.
 *
 * When the reader of standard output ends (`piloted watch web | head -1`), the program is interrupted and the exit code is
 * 0. When standard output fails otherwise, the program is interrupted and the exit code is 1. When standard error fails,
 * the program continues without it: its registration matters more than its log.
 */
export async function runProgram(
  program: (args: readonly string[], terminal: Terminal) => Promise<number>,
): Promise<void> {
  const signals = new Signals();
  const output: { code?: number } = {};
  const stderr = new StandardStream(
    () => process.stderr,
    () => undefined,
  );
  const err = (line: string): void => {
    stderr.write(`${escapeLines(line)}\n`);
  };
  const stdout = new StandardStream(
    () => process.stdout,
    ({ code, message }) => {
      signals.interrupt();
      output.code = code === 'EPIPE' ? EXIT.ok : EXIT.failed;
      if (code !== 'EPIPE') err(`Cannot write to standard output: ${message}`);
      // Also when the program has already ended.
      process.exitCode = output.code;
    },
  );
  let stdin: NodeJS.ReadStream | undefined;
  try {
    const code = await program(process.argv.slice(2), {
      env: process.env,
      get stdin() {
        return (stdin ??= process.stdin);
      },
      stdinIsTerminal: isatty(STDIN),
      out: (line) => {
        stdout.write(`${line}\n`);
      },
      write: stdout.write,
      drained: () => stdout.drained(signals.interrupted),
      err,
      screen: screenOf(),
      interrupted: signals.interrupted,
      followReader: () =>
        onReaderEnd(STDOUT, () => {
          output.code ??= EXIT.ok;
          signals.interrupt();
        }),
      onSignal: signals.onSignal,
    });
    process.exitCode = output.code ?? code;
  } finally {
    signals.close();
    stdin?.destroy();
  }
}
