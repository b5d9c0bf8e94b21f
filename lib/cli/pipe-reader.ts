import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';

/**
 * Calls `listener` when the reader of a pipe ends. Node itself learns it from the next write only. GNU `tail -f` polls its
 * standard output, and is ended by SIGPIPE; `--pid` ends it with this process. Without GNU `tail`, `listener` is never
 * called. Returns a function that ends it.
 *
 * @param fd the end of the pipe that this process writes to; for anything but a pipe, nothing is done
 */
export function onReaderEnd(fd: number, listener: () => void): () => void {
  if (!fstatSync(fd).isFIFO()) return () => undefined;
  const tail = spawn('tail', ['-f', `--pid=${process.pid}`, '/dev/null'], {
    stdio: ['ignore', fd, 'ignore'],
  });
  // Not installed.
  tail.once('error', () => undefined);
  tail.once('exit', (_code, signal) => {
    if (signal === 'SIGPIPE') listener();
  });
  return () => {
    tail.removeAllListeners('exit');
    tail.kill();
  };
}
