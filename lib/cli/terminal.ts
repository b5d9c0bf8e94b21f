import { constants } from 'node:os';
import { type Readable } from 'node:stream';
import { onAbort } from '../common/async/abort.js';

/** The screen behind standard output. */
export interface Screen {
  /** Columns and rows. A pseudo-terminal may report 0 for either. */
  size(): { readonly columns: number; readonly rows: number };
  /** Calls `listener` when the size changes. Returns a function that ends this. */
  onResize(listener: () => void): () => void;
}

/** The process as a program sees it. Tests replace it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  /** Whether standard input is a terminal. */
  readonly stdinIsTerminal: boolean;
  /** Writes a line to standard output. */
  readonly out: (line: string) => void;
  /** Writes to standard output without a newline. */
  readonly write: (chunk: string | Uint8Array) => void;
  /**
   * Resolves when standard output can take more, also when it has failed or the program is interrupted. Undefined: it always
   * can.
   */
  readonly drained?: (() => Promise<void>) | undefined;
  /** Writes a line to standard error. */
  readonly err: (line: string) => void;
  /** Undefined unless standard output is a terminal. */
  readonly screen: Screen | undefined;
  /**
   * Aborted by the first SIGINT, SIGTERM or SIGHUP, with an {@link Interruption} as its reason, and when standard output can
   * no longer be written.
   */
  readonly interrupted: AbortSignal;
  /**
   * Aborts {@link Terminal.interrupted} also as soon as the reader of standard output ends, where the system allows it, and
   * not only with the next write. Returns a function that ends this.
   */
  readonly followReader: () => () => void;
  /** Passes all signals to `listener` instead of {@link Terminal.interrupted}. Returns a function that ends this. */
  readonly onSignal: (listener: (signal: NodeJS.Signals) => void) => () => void;
}

/** Exit codes of the programs. */
export const EXIT = Object.freeze({
  ok: 0,
  /** The command failed, or did not find what it was asked for. */
  failed: 1,
  /** The command line is invalid. */
  usage: 2,
  /** `sidekicker -- command`: the command is not executable. */
  notExecutable: 126,
  /** `sidekicker -- command`: the command does not exist. */
  notFound: 127,
  /** Added to the number of the signal that ended the program before its result, or the command of `sidekicker`. */
  signal: 128,
});

/** A signal that ends the program. */
export class Interruption extends Error {
  constructor(readonly by: NodeJS.Signals) {
    super(`interrupted by ${by}`);
  }
}

/** The exit code of a program that a signal ended. */
export function signalCode(signal: NodeJS.Signals): number {
  return EXIT.signal + constants.signals[signal];
}

/** The exit code of a program whose interruption came before its result. */
export function interruptedCode({ reason }: AbortSignal): number {
  return reason instanceof Interruption ? signalCode(reason.by) : EXIT.ok;
}

/** Resolves when `signal` is aborted. */
export async function interruption(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    onAbort(signal, resolve);
  });
}
