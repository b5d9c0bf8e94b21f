import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LOADER = new URL('../../harness/typescript.mjs', import.meta.url).href;

/** One of the command-line programs as a process of its own, with pipes for its standard streams. */
export class Program {
  /** Its output on stdout and stderr so far. */
  out = '';
  err = '';
  private readonly exited: Promise<unknown>;

  private constructor(readonly child: ChildProcess) {
    // A character may be split between two chunks.
    child.stdout?.setEncoding('utf8');
    child.stderr?.setEncoding('utf8');
    child.stdout?.on('data', (chunk) => (this.out += String(chunk)));
    child.stderr?.on('data', (chunk) => (this.err += String(chunk)));
    this.exited = once(child, 'exit');
  }

  static start(
    name: 'piloted' | 'sidekicker',
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    stdio: StdioOptions = 'pipe',
    /** `terminal`: on a pseudo-terminal of script(1), whose input is stdin. */
    on: 'pipes' | 'terminal' = 'pipes',
  ): Program {
    const file = fileURLToPath(new URL(`../../../lib/cli/bin/${name}.ts`, import.meta.url));
    const node = ['--import', LOADER, '--disable-warning=ExperimentalWarning', file, ...args];
    const options = { stdio, env: { ...process.env, ...env } };
    if (on === 'pipes') return new Program(spawn(process.execPath, node, options));
    const line = [process.execPath, ...node].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    return new Program(
      spawn('script', ['--quiet', '--return', '--command', `exec ${line}`, '/dev/null'], options),
    );
  }

  /** Resolves with its exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    await this.exited;
    return this.child.exitCode ?? this.child.signalCode;
  }

  /** Ends it for good, if it has not ended by itself. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
