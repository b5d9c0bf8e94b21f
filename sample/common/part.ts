import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';

const LAUNCHED = new URL('launched.js', import.meta.url).href;

/** One process of a sample. Its output is printed with its name in front. */
export class Part {
  /** Resolves with the process's first message when it is ready: its URL. */
  readonly ready: Promise<string>;
  /** Resolves when the process has ended and its output is printed, with how it ended: `code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;
  private up = false;
  private asked = false;

  constructor(
    readonly name: string,
    script: URL,
    env: NodeJS.ProcessEnv,
  ) {
    this.child = fork(script, {
      env,
      execArgv: [`--import=${LAUNCHED}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.ready = new Promise((resolve) => {
      this.child.once('message', (message: string) => {
        this.up = true;
        resolve(message);
      });
    });
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('close', (code, signal) => resolve(signal ?? `code ${code ?? 'unknown'}`));
    });
    for (const output of [this.child.stdout, this.child.stderr]) {
      if (output)
        createInterface(output).on('line', (line) => console.log(`${`[${name}]`.padEnd(14)} ${line}`));
    }
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Whether the process has been ready. */
  get wasReady(): boolean {
    return this.up;
  }

  /** Whether the sample itself has ended the process. */
  get wasAsked(): boolean {
    return this.asked;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends a signal. Does nothing if the process has ended. */
  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends the process, and resolves when it has ended. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.asked = true;
    this.kill(signal);
    await this.ended;
  }
}
