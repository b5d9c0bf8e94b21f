import { Part } from './part.js';

/** Milliseconds the parts have to end by themselves: all in all Ctrl-C takes less than 5 s. */
const GRACE = 4_000;

/** Runs the parts of the sample. None is started again: what the others make of a loss is what there is to see. */
export class Launcher {
  private readonly parts: Part[] = [];
  private ending: NodeJS.Signals | undefined;

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  get stopping(): boolean {
    return this.ending !== undefined;
  }

  /** Starts a part, and resolves with what it says when it is up. One that cannot start ends the whole sample. */
  async start(name: string, script: URL): Promise<string> {
    if (this.stopping) return '';
    const part = new Part(name, script, this.env);
    this.parts.push(part);
    void part.ended.then((how) => this.note(part, how));
    return await Promise.race([part.ready, part.ended]);
  }

  /** Passes the signal on to every part, and kills those that do not heed it in time. A second call does nothing. */
  stop(signal: NodeJS.Signals): void {
    if (this.ending) return;
    this.ending = signal;
    for (const part of this.parts) part.kill(signal);
    const timer = setTimeout(() => {
      for (const part of this.parts.filter(({ running }) => running)) {
        console.log(
          `${part.name} (pid ${part.pid}) did not end within ${GRACE / 1000} s of ${signal} and is killed.`,
        );
        part.kill('SIGKILL');
      }
    }, GRACE);
    void this.ended().then(() => clearTimeout(timer));
  }

  /** Resolves when every part is gone. */
  async ended(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.ended));
  }

  private note(part: Part, how: string): void {
    if (this.stopping) return;
    if (part.wasReady && part.name !== 'gateway') {
      console.log(
        `${part.name} (pid ${part.pid}) ended unexpectedly (${how}). The gateway goes on with the others.`,
      );
      return;
    }
    const what = part.wasReady ? 'ended unexpectedly' : 'could not start';
    console.error(`${part.name} ${what} (${how}): the sample ends.`);
    process.exitCode = 1;
    this.stop('SIGTERM');
  }
}
