import { type Readable, type Writable } from 'node:stream';
import { onAbort } from '../common/async/abort.js';

/** The process as a program sees it. Tests replace it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Aborted by SIGINT and SIGTERM, and when standard output can no longer be written. */
  readonly interrupted: AbortSignal;
}

/** Exit codes of the programs. */
export const EXIT = Object.freeze({ ok: 0, failed: 1, usage: 1 });

/** Resolves when `signal` is aborted. */
export async function interruption(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    onAbort(signal, resolve);
  });
}

/**
 * Writes lines to a standard stream until the stream fails. Without an error listener Node would end the process at once,
 * before the program cleans up.
 */
function lineWriter(stream: Writable, onFailure: (error: NodeJS.ErrnoException) => void): Terminal['out'] {
  let failed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (failed) return;
    failed = true;
    onFailure(error);
  });
  return (text) => {
    if (!failed) stream.write(`${text}\n`);
  };
}

/**
 * Runs a program on the real process and sets the exit code.
 *
 * When the reader of standard output ends (`piloted watch web | head -1`), the program is interrupted and its exit code is
 * used. When standard output fails otherwise, the program is interrupted and the exit code is 1. When standard error fails,
 * the program continues without it: its registration matters more than its log.
 */
export async function runProgram(
  program: (args: readonly string[], terminal: Terminal) => Promise<number>,
): Promise<void> {
  const aborter = new AbortController();
  const interrupt = (): void => {
    aborter.abort();
  };
  const output = { failed: false };
  const err = lineWriter(process.stderr, () => undefined);
  const out = lineWriter(process.stdout, ({ code, message }) => {
    interrupt();
    if (code === 'EPIPE') return;
    err(`Cannot write to standard output: ${message}`);
    output.failed = true;
    // Also when the program has already ended.
    process.exitCode = EXIT.failed;
  });
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const code = await program(process.argv.slice(2), {
      env: process.env,
      stdin: process.stdin,
      out,
      err,
      interrupted: aborter.signal,
    });
    process.exitCode = output.failed ? EXIT.failed : code;
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
    process.stdin.destroy();
  }
}
