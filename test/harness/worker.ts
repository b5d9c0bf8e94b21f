import { type ChildProcess } from 'node:child_process';
import { forkTypeScript } from './fork.js';

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** A command to a worker. */
export interface Order {
  readonly id: number;
  readonly command: string;
  readonly argument: unknown;
}

export interface Report {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Time for a worker to end by itself after the command `end`, on a busy machine too. */
const END_TIMEOUT_MS = 30_000;

/** A child process that runs commands; its script calls `serve` of worker-side.ts. */
export class Worker {
  private readonly waiting = new Map<number, Waiting>();
  private readonly ended: Promise<number | null>;
  private lastId = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', ({ id, result, error }: Report) => {
      const waiting = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) waiting?.resolve(result as never);
      else waiting?.reject(new Error(error));
    });
    this.ended = new Promise((resolve) => {
      child.once('exit', (code) => {
        for (const { reject } of this.waiting.values()) reject(new Error(`The worker ended with ${code}.`));
        resolve(code);
      });
    });
  }

  /** @param settings what the script's `settings()` gives it */
  static start(script: URL, settings: unknown = {}): Worker {
    return new Worker(forkTypeScript(script, [JSON.stringify(settings)]));
  }

  /** Sends a command and resolves with its result. */
  async ask<T>(command: string, argument?: unknown): Promise<T> {
    const id = (this.lastId += 1);
    return await new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.send({ id, command, argument } satisfies Order, (error) => {
        if (error) reject(error);
      });
    });
  }

  /** Sends the command `end`. @returns whether the process ended by itself, with no handle left that kept it alive */
  async end(): Promise<boolean> {
    if (this.child.connected) await this.ask('end').catch(() => undefined);
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_TIMEOUT_MS);
    const code = await this.ended;
    clearTimeout(timer);
    return code === 0;
  }
}
