import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { reaper } from './reaper.js';
import { sleep } from './wait.js';

/** One run of a server's program, in a process group of its own, its output in a file. */
export class ServerProcess {
  private readonly ended: Promise<void>;
  private isPaused = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
  ) {
    this.ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  /** Starts the program; says nothing about whether it is ready. */
  static start(
    program: string,
    args: readonly string[],
    logFile: string,
    env?: NodeJS.ProcessEnv,
  ): ServerProcess {
    const log = openSync(logFile, 'a');
    try {
      const child = spawn(program, args, {
        stdio: ['ignore', log, log],
        detached: true,
        env: env ?? { PATH: process.env.PATH },
      });
      if (child.pid !== undefined) reaper.watch(child.pid);
      return new ServerProcess(child, logFile);
    } finally {
      closeSync(log);
    }
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error('The server could not be started.');
    return pid;
  }

  /** Whether the process exists, paused or not. */
  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  get paused(): boolean {
    return this.isPaused && this.running;
  }

  /** Everything it has written so far. */
  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** SIGSTOP: its connections stay open and nothing answers. Resolves once the signal has taken effect. */
  async pause(): Promise<void> {
    this.signal('SIGSTOP');
    this.isPaused = true;
    await sleep(50);
  }

  /** SIGCONT. */
  resume(): void {
    this.signal('SIGCONT');
    this.isPaused = false;
  }

  /** SIGKILL, paused or not; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.gone();
  }

  /** SIGTERM, and SIGKILL after `grace` milliseconds; resolves when the process is gone. */
  async terminate(grace = 3_000): Promise<void> {
    if (this.paused) return await this.kill();
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), grace);
    await this.gone();
    clearTimeout(timer);
  }

  private async gone(): Promise<void> {
    if (this.running) await this.ended;
    if (this.child.pid !== undefined) await reaper.release(this.child.pid);
  }

  private signal(signal: NodeJS.Signals): void {
    if (!this.running) return;
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
