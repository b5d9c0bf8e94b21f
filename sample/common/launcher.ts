import { Part } from './part.js';

/** Time for the parts to end by themselves. They need a second, and several on a busy machine. */
const GRACE_MS = 30_000;

export interface StartOptions {
  /** Variables of the environment in addition to those of the launcher. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether the sample ends with this part. @default false */
  readonly essential?: boolean;
}

/** Runs the processes of a sample. Does not restart a process, so that the effect of its loss is visible. */
export class Launcher {
  private readonly parts: Part[] = [];
  /** Resolves when the sample begins to end. */
  readonly stopped: Promise<void>;
  private ending: NodeJS.Signals | undefined;
  private resolveStopped: () => void = () => undefined;

  constructor(private readonly env: NodeJS.ProcessEnv) {
    this.stopped = new Promise((resolve) => (this.resolveStopped = resolve));
  }

  get stopping(): boolean {
    return this.ending !== undefined;
  }

  /**
   * Starts a script, and resolves when it has sent its URL.
   *
   * @throws Error when it ends before, or when the sample is ending
   */
  async start(
    name: string,
    script: URL,
    { env, essential = false }: StartOptions = {},
  ): Promise<{ part: Part; url: string }> {
    if (this.stopping) throw new StoppedError();
    const part = new Part(name, script, { ...this.env, ...env });
    this.parts.push(part);
    void part.ended.then((how) => this.note(part, how, essential));
    const url = await Promise.race([part.ready, part.ended.then(() => undefined)]);
    if (url === undefined) throw new StoppedError();
    return { part, url };
  }

  /** Forwards the signal to every part, and kills those that do not end in time. A second call does nothing. */
  stop(signal: NodeJS.Signals): void {
    if (this.ending) return;
    this.ending = signal;
    this.resolveStopped();
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

  private note(part: Part, how: string, essential: boolean): void {
    if (this.stopping || part.wasAsked) return;
    if (part.wasReady && !essential) {
      console.log(`${part.name} (pid ${part.pid}) ended unexpectedly (${how}). The others continue.`);
      return;
    }
    const what = part.wasReady ? 'ended unexpectedly' : 'could not start';
    console.error(`${part.name} ${what} (${how}): the sample ends.`);
    process.exitCode = 1;
    this.stop('SIGTERM');
  }
}

/** The sample is ending, so the rest of its script is left out. The reason is printed already. */
export class StoppedError extends Error {}
