import { type ChildProcess, spawn } from 'node:child_process';
import { EXIT, signalCode, type Terminal } from './terminal.js';

/** Signals that a terminal's keys send to all processes of the foreground, so also to the child. */
const SENT_BY_KEYS: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

/**
 * Runs a command with this program's standard streams, and passes signals on to it. Signals that the terminal sends to both
 * are not passed on, so that the command receives each once.
 *
 * @returns the exit code of the command; 128 + n when signal n ended it, 127 when it does not exist, 126 when it is not
 * executable
 */
export async function runChild(words: readonly string[], terminal: Terminal): Promise<number> {
  const [file = '', ...args] = words;
  const { err, stdinIsTerminal, onSignal } = terminal;
  let child: ChildProcess;
  try {
    child = spawn(file, args, { stdio: 'inherit' });
  } catch (error) {
    return notStarted(error as NodeJS.ErrnoException, file, err);
  }
  const release = onSignal((signal) => {
    if (!stdinIsTerminal || !SENT_BY_KEYS.has(signal)) child.kill(signal);
  });
  try {
    return await new Promise<number>((resolve) => {
      child.once('error', (error) => {
        // An error after the start is of a signal that could not be sent; the exit is still to come.
        if (child.pid === undefined) resolve(notStarted(error, file, err));
      });
      child.once('exit', (code, signal) => {
        resolve(code ?? (signal === null ? EXIT.signal : signalCode(signal)));
      });
    });
  } finally {
    release();
  }
}

function notStarted({ code, message }: NodeJS.ErrnoException, file: string, err: Terminal['err']): number {
  const missing = code === 'ENOENT' || file === '';
  const reason = missing ? 'it does not exist' : code === 'EACCES' ? 'it is not executable' : message;
  err(`sidekicker: Cannot run ${JSON.stringify(file)}: ${reason}.`);
  return missing ? EXIT.notFound : EXIT.notExecutable;
}
