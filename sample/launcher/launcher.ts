import { Part } from './part.js';

/** Time for the parts to end by themselves, so that Ctrl-C takes less than 5 s in all. */
const GRACE_MS = 4_000;

/** Runs the parts of the sample. Does not restart a part, so that the effect of its loss is visible. */
export class Launcher {
  private readonly parts: Part[] = [];
  private ending: NodeJS.Signals | undefined;

  constructor(private readonly env: NodeJS.ProcessEnv) {}

  get stopping(): boolean {
    return this.ending !== undefined;
  }

  /** Starts a part, and resolves with its message when it is ready. A part that cannot start ends the sample. */
  async start(name: string, script: URL): Promise<string> {
    if (this.stopping) return '';
    const part = new Part(name, script, this.env);
    this.parts.push(part);
    void part.ended.then((how) => this.note(part, how));
    return await Promise.race([part.ready, part.ended]);
  }

  /** Forwards the signal to every part, and kills those that do not end in time. A second call does nothing. */
  stop(signal: NodeJS.Signals): void {
    if (this.ending) return;
    this.ending = signal;
    for (const part of this.parts) part.kill(signal);
    const timer = setTimeout(() => {
      for (const part of this.parts.filter(({ running }) => running)) {
        console.log(
          `${part.name} (pid ${part.pid}) did not end within ${GRACE_MS / 1000} s of ${signal} and is killed.`,
        );
        part.kill('SIGKILL');
      }
    }, GRACE_MS);
    void this.ended().then(() => clearTimeout(timer));
  }

  /** Resolves when every part has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.ended));
  }

  private note(part: Part, how: string): void {
    if (this.stopping) return;
    if (part.wasReady && part.name !== 'gateway') {
      console.log(
        `${part.name} (pid ${part.pid}) ended unexpectedly (${how}). The gateway continues with the others.`,
      );
      return;
    }
    const what = part.wasReady ? 'ended unexpectedly' : 'could not start';
    console.error(`${part.name} ${what} (${how}): the sample ends.`);
    process.exitCode = 1;
    this.stop('SIGTERM');
  }
}
