import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ApplicationOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A running application. */
export class Application {
  /** All it has said. */
  output = '';
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;

  /** Starts a compiled file. */
  constructor(file: string, { cwd, env }: ApplicationOptions) {
    this.child = spawn(process.execPath, [file], { cwd, env: { ...process.env, ...env } });
    this.exited = once(this.child, 'close');
    this.child.stdout?.on('data', (chunk) => (this.output += String(chunk)));
    this.child.stderr?.on('data', (chunk) => (this.output += String(chunk)));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks it to end, and resolves with how it did. */
  async end(
    signal: NodeJS.Signals = 'SIGTERM',
  ): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal);
    await this.exited;
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }
}
