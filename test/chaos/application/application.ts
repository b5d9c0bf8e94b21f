import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Deferred, deferred } from '../../../lib/common/async/deferred.js';
import { reaper } from '../../harness/reaper.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { type Recorder } from '../recording/recorder.js';
import { Heart } from './heart.js';
import { type Commands, type Report, STILL_HERE } from './protocol.js';
import { type ApplicationSettings } from './settings.js';

/** Milliseconds a boot may take; several of them at once share a machine. */
const BOOT_DEADLINE = 180_000;

/** Milliseconds a command may take; the longest hang is far shorter. */
const ANSWER_DEADLINE = 120_000;

/** Milliseconds a process has to end by itself once its application is closed. */
const END_DEADLINE = 60_000;

/** An application that did not start: what its boot threw. */
export class BootFailedError extends Error {
  override name = 'BootFailedError';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A scenario's handle on an application in its own process. The application's reports go to the recording. */
export class Application {
  /** Where it answers HTTP requests; undefined without `http`. */
  port: number | undefined;
  private readonly calls = new Map<number, Deferred<unknown>>();
  private readonly acks = new Map<string, number[]>();
  private readonly booting = deferred<void>();
  private readonly ready = deferred<void>();
  private readonly gone: Promise<unknown>;
  private call = 0;
  private stopping: Promise<number> | undefined;
  private paused = false;
  private stillHere = '';

  private constructor(
    readonly settings: ApplicationSettings,
    private readonly recorder: Recorder,
    private readonly child: ChildProcess,
  ) {
    this.gone = once(child, 'exit');
    child.on('message', (report: Report) => this.take(report));
    // Not 'exit', which may come before the last report is read.
    child.once('close', (code, signal) => this.end(signal ?? `code ${String(code)}`));
    createInterface(child.stderr!).on('line', (text) => {
      recorder.record(settings.name, { kind: 'log', level: 'error', text });
      if (text.startsWith(STILL_HERE)) this.stillHere = ` ${text}`;
    });
  }

  /**
   * Resolves when it has booted and every key of its settings has been acknowledged.
   *
   * @throws BootFailedError with what its boot threw
   */
  static async start(recorder: Recorder, settings: ApplicationSettings): Promise<Application> {
    const app = Application.launch(recorder, settings);
    try {
      await app.started();
      return app;
    } catch (error) {
      await app.kill();
      throw error;
    }
  }

  /** As {@link Application.start}, without waiting: for applications that cannot come up yet. */
  static launch(recorder: Recorder, settings: ApplicationSettings): Application {
    const program = fileURLToPath(new URL('./main.ts', import.meta.url));
    const loader = new URL('../../harness/typescript.mjs', import.meta.url).href;
    const child = spawn(
      process.execPath,
      ['--import', loader, '--disable-warning=ExperimentalWarning', program, JSON.stringify(settings)],
      { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true },
    );
    if (child.pid !== undefined) reaper.watch(child.pid);
    return new Application(settings, recorder, child);
  }

  get name(): string {
    return this.settings.name;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** @throws BootFailedError with what its boot threw */
  async started(): Promise<void> {
    const timer = setTimeout(
      () => this.ready.reject(new Error(`${this.name} has not come up within ${BOOT_DEADLINE} ms.`)),
      BOOT_DEADLINE,
    );
    await this.ready.promise.finally(() => clearTimeout(timer));
  }

  /** Resolves when it takes commands: with `http`, it can be closed though it is not up. */
  async canBeAsked(): Promise<void> {
    await this.booting.promise;
  }

  /** The heartbeat of one of its keys; the first one's by default. */
  heart(key = this.settings.keys?.[0]?.key ?? this.settings.sidekick?.key ?? ''): Heart {
    const who = `${this.name}: ${key}`;
    return new Heart(who, key, this.acksOf(who));
  }

  /** Sends it a command, and resolves with the answer. */
  async ask<C extends keyof Commands>(
    command: C,
    ...args: Parameters<Commands[C]>
  ): Promise<Awaited<ReturnType<Commands[C]>>> {
    if (!this.running) throw new Error(`Expected ${this.name} to run, it has ended.`);
    const call = ++this.call;
    const answer = deferred<unknown>();
    this.calls.set(call, answer);
    this.child.send({ call, command, args });
    const late = setTimeout(() => {
      answer.reject(new Error(`${this.name} has not answered "${command}" within ${ANSWER_DEADLINE} ms.`));
    }, ANSWER_DEADLINE);
    return (await answer.promise.finally(() => clearTimeout(late))) as Awaited<ReturnType<Commands[C]>>;
  }

  /** SIGSTOP: its connections stay open, and the process is halted. Resolves once it is. */
  async stopProcess(): Promise<void> {
    this.fault('SIGSTOP', 'begin');
    this.child.kill('SIGSTOP');
    this.paused = true;
    await sleep(50);
  }

  /** SIGCONT. */
  continueProcess(): void {
    const at = monotonic();
    this.child.kill('SIGCONT');
    this.paused = false;
    this.fault('SIGSTOP', 'end', at);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.left();
  }

  /** How its process ended: `0` or another exit code, or the signal it died of; undefined while it runs. */
  get ended(): number | string | undefined {
    return this.child.signalCode ?? this.child.exitCode ?? undefined;
  }

  /**
   * SIGTERM, as an orchestrator stops it; after `deadline` milliseconds SIGKILL. Resolves when the process is gone, with
   * how many milliseconds that took.
   */
  async terminate(deadline = 20_000): Promise<number> {
    const began = monotonic();
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), deadline);
    await this.gone;
    const took = monotonic() - began;
    clearTimeout(late);
    await this.left();
    return took;
  }

  /**
   * Closes the application, and resolves with how many milliseconds that took when its process has ended by itself. A
   * second call waits for the first.
   *
   * @throws Error when the process does not end by itself, and with exit code 0
   */
  stop(): Promise<number> {
    return (this.stopping ??= this.close());
  }

  private async close(): Promise<number> {
    if (!this.running) {
      await this.left();
      return 0;
    }
    if (this.paused) this.continueProcess();
    const took = await this.ask('leave');
    this.recorder.record(this.name, { kind: 'note', text: `closed within ${Math.round(took)} ms` });
    const ended = await until('the process to end', () => !this.running, { deadline: END_DEADLINE }).catch(
      () => false,
    );
    if (!ended) {
      await this.kill();
      throw new Error(
        `Expected the process of ${this.name} to end by itself once it was closed.${this.stillHere}`,
      );
    }
    await this.left();
    if (this.ended !== 0)
      throw new Error(`Expected ${this.name} to end with exit code 0, got ${String(this.ended)}.`);
    return took;
  }

  private async left(): Promise<void> {
    await this.gone;
    if (this.child.pid !== undefined) await reaper.release(this.child.pid);
  }

  private take(report: Report): void {
    switch (report.kind) {
      case 'booting':
        this.booting.resolve();
        break;
      case 'ready':
        this.port = report.port;
        this.recorder.record(this.name, { kind: 'note', text: 'ready' });
        this.ready.resolve();
        break;
      case 'failed':
        this.ready.reject(new BootFailedError(report.code, report.message));
        break;
      case 'happened':
        this.recorder.record(report.who, report.happening, report.at);
        if (report.happening.kind === 'acknowledged') this.acksOf(report.who).push(report.at);
        break;
      case 'answer':
        this.settle(report.call)?.resolve(report.value);
        break;
      case 'refused':
        this.settle(report.call)?.reject(new Error(report.message));
        break;
    }
  }

  private acksOf(who: string): number[] {
    const acks = this.acks.get(who) ?? [];
    this.acks.set(who, acks);
    return acks;
  }

  private settle(call: number): Deferred<unknown> | undefined {
    const waiting = this.calls.get(call);
    this.calls.delete(call);
    return waiting;
  }

  private end(how: string): void {
    this.recorder.record(this.name, { kind: 'note', text: `ended: ${how}` });
    const error = new Error(`${this.name} has ended (${how}).`);
    this.ready.reject(error);
    this.booting.reject(error);
    // There may be no waiting caller.
    this.ready.promise.catch(() => undefined);
    for (const waiting of this.calls.values()) waiting.reject(error);
    this.calls.clear();
  }

  private fault(what: string, phase: 'begin' | 'end', at = monotonic()): void {
    this.recorder.record(this.name, { kind: 'fault', what, phase }, at);
  }
}
