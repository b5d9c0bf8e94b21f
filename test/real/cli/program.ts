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
    const node = Program.nodeArguments(name, args);
    const options = { stdio, env: { ...process.env, ...env } };
    if (on === 'pipes') return new Program(spawn(process.execPath, node, options));
    const command = `exec ${Program.line(name, args)}`;
    return new Program(spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], options));
  }

  /** The command line that runs a program, for a shell. */
  static line(name: 'piloted' | 'sidekicker', args: readonly string[]): string {
    return [process.execPath, ...Program.nodeArguments(name, args)]
      .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
      .join(' ');
  }

  private static nodeArguments(name: 'piloted' | 'sidekicker', args: readonly string[]): readonly string[] {
    const file = fileURLToPath(new URL(`../../../lib/cli/bin/${name}.ts`, import.meta.url));
    return ['--import', LOADER, '--disable-warning=ExperimentalWarning', file, ...args];
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
