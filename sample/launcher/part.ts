import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One process of the sample. What it says is printed with its name in front. */
export class Part {
  /** Resolves when the process says that it is up, with what it says. */
  readonly ready: Promise<string>;
  /** Resolves when the process is gone and all it said is printed, with how it ended: `code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;
  private up = false;

  constructor(
    readonly name: string,
    script: URL,
    env: NodeJS.ProcessEnv,
  ) {
    this.child = fork(script, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.ready = new Promise((resolve) => {
      this.child.once('message', (said: string) => {
        this.up = true;
        resolve(said);
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

  /** Whether it was up at some time. */
  get wasReady(): boolean {
    return this.up;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends a signal. One that is gone, or knows from the terminal already, does not mind. */
  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
