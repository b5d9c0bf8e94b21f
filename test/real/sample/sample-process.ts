import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { reaper } from '../../harness/reaper.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { until } from '../../harness/wait.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The answer of an appserver. */
export interface Answer {
  readonly instance: string;
  readonly address: string;
  readonly port: number;
  readonly pid: number;
}

export interface SampleOptions {
  /** Of the gateway; any free one by default. */
  readonly port?: number;
  /** Of SIDEKICK_REGISTRY; the embedded one by default. */
  readonly registry?: string;
  /** `['npm', 'start']` by default. */
  readonly command?: readonly [string, ...string[]];
}

/** The sample as a user starts it, in a process group of its own as a terminal would give it. */
export class SampleProcess {
  /** All it has said. */
  output = '';
  private readonly ended: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly tmp: string,
  ) {
    this.ended = once(child, 'close');
    reaper.watch(this.pid);
    child.stdout?.on('data', (chunk) => (this.output += String(chunk)));
    child.stderr?.on('data', (chunk) => (this.output += String(chunk)));
  }

  /** Starts it, and says nothing about whether it is up. */
  static async launch({
    port = 0,
    registry,
    command = ['npm', 'start'],
  }: SampleOptions = {}): Promise<SampleProcess> {
    const tmp = await tempFolder('sample-tmp');
    const [program, ...args] = command;
    const child = spawn(program, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PORT: String(port), TMPDIR: tmp, SIDEKICK_REGISTRY: registry },
    });
    return new SampleProcess(child, tmp);
  }

  /** Starts it, and resolves when it prints the address to open. */
  static async start(options: SampleOptions = {}): Promise<SampleProcess> {
    const sample = await SampleProcess.launch(options);
    try {
      await until('the sample to be up', () => sample.over || sample.says(/^Open http/m));
      if (sample.over) throw new Error('It ended.');
      await until('three instances to be known', async () => (await sample.instances()).length === 3);
      return sample;
    } catch (error) {
      await sample.dispose();
      throw new Error(`The sample did not come up:\n${sample.output}`, { cause: error });
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Whether the process that was started is gone. */
  get over(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Whether any process of the group is left. */
  get alive(): boolean {
    try {
      process.kill(-this.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** Resolves when no process of the group is left. One that has ended is there until its parent has noticed. */
  async gone(deadline = 10_000): Promise<void> {
    await until('every process of the sample to be gone', () => !this.alive, { deadline });
  }

  /** The address it asks to open. */
  get url(): string {
    return /^Open (http:\S+)/m.exec(this.output)?.[1] ?? '';
  }

  says(what: RegExp): boolean {
    return what.test(this.output);
  }

  /** How often an instance left the list of the gateway, as its log shows. */
  get departures(): number {
    return [...this.output.matchAll(/- \S+ at /g)].length;
  }

  /** One request to the gateway; fails when the answer is not a 200. */
  async get(path = '/'): Promise<unknown> {
    const response = await fetch(this.url + path, { signal: AbortSignal.timeout(60_000) });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    return JSON.parse(text);
  }

  /** The appserver of the next request. */
  async next(): Promise<Answer> {
    return (await this.get('/')) as Answer;
  }

  /** The ids of the instances that the gateway knows. */
  async instances(): Promise<string[]> {
    const services = (await this.get('/services')) as { appserver?: { id: string }[] };
    return (services.appserver ?? []).map(({ id }) => id);
  }

  /** The files in the folder for temporary files. */
  async leftovers(): Promise<string[]> {
    // Node keeps what it compiled there, for the next run.
    return (await readdir(this.tmp)).filter((name) => name !== 'node-compile-cache');
  }

  /** Resolves with the exit code, or the signal that ended it. */
  async exit(): Promise<number | string | null> {
    await this.ended;
    return this.child.exitCode ?? this.child.signalCode;
  }

  /** As Ctrl-C does it: the whole group gets the signal. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  /** Kills what is left of it. */
  async dispose(): Promise<void> {
    if (this.alive) process.kill(-this.pid, 'SIGKILL');
    await this.ended;
    await reaper.release(this.pid);
    await removeFolder(this.tmp);
  }
}
