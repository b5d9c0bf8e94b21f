import { type Readable } from 'node:stream';

/** What a program sees of its process, so that a test can stand in for it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Aborted by SIGINT and SIGTERM. */
  readonly interrupted: AbortSignal;
}

/** Exit codes of the programs. */
export const EXIT = Object.freeze({ ok: 0, failed: 1, usage: 1 });

/** Resolves when the program is interrupted. */
export async function interruption(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Runs a program on the real process and leaves it to end by itself with the exit code. */
export async function runProgram(
  program: (args: readonly string[], terminal: Terminal) => Promise<number>,
): Promise<void> {
  const aborter = new AbortController();
  const interrupt = (): void => {
    aborter.abort();
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    process.exitCode = await program(process.argv.slice(2), {
      env: process.env,
      stdin: process.stdin,
      out: (text) => void process.stdout.write(`${text}\n`),
      err: (text) => void process.stderr.write(`${text}\n`),
      interrupted: aborter.signal,
    });
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
    process.stdin.destroy();
  }
}
