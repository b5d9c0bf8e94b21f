import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './until.js';

const KEEPER = new URL('keeper.js', import.meta.url);

/** Characters of a server's output that an error shows. */
const TAIL = 1_000;

/** A server that was started from its program. */
export interface Server {
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/** The servers of a registry. They are not in the terminal's process group, so Ctrl-C ends the applications first. */
export class Servers {
  private readonly running: ChildProcess[] = [];
  private readonly stops: (() => Promise<void>)[] = [];

  constructor(private readonly folder: string) {}

  /** Returns an empty folder for the data of a server. */
  async data(name: string): Promise<string> {
    const folder = join(this.folder, name);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /**
   * Starts a program, and resolves when `health` answers with 200.
   *
   * @throws Error with the end of the program's output if it ends before
   */
  async start(program: string, args: readonly string[], health: string): Promise<Server> {
    const child = fork(KEEPER, [program, ...args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.running.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => (output = (output + String(chunk)).slice(-TAIL)));
    const exited = once(child, 'exit');
    await until(`${program} to answer at ${health}`, async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended:\n${output}`);
      return await fetch(health).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return {
      kill: async () => {
        child.send('SIGKILL');
        await exited;
      },
    };
  }

  /** Takes over the end of a server that runs in this process. */
  own(stop: () => Promise<void>): void {
    this.stops.push(stop);
  }

  /** Ends all servers. */
  async stop(): Promise<void> {
    await Promise.all(this.stops.map(async (stop) => await stop()));
    await Promise.all(
      this.running
        .filter((child) => child.exitCode === null && child.signalCode === null)
        .map(async (child) => {
          const exited = once(child, 'exit');
          child.disconnect();
          await exited;
        }),
    );
  }
}
