import { type Clock } from '../common/clock.js';
import { deferred } from '../common/async/deferred.js';
import { type Registration, type RegistrationOptions } from '../registration/registrar.js';
import { type RegistrationStatus } from '../registration/registration-status.js';
import { type RecordSource } from '../registration/value-updater.js';
import { type NotReady, Readiness, type Ready } from './readiness.js';

export interface ReadyRegistrationDeps {
  readonly clock: Clock;
  readonly key: string;
  readonly ready: Ready;
  /** Registers the instance. Called once, with the first true. */
  readonly register: (
    source: RecordSource,
    options: RegistrationOptions,
    isPaused: () => boolean,
  ) => Promise<Registration>;
  /** Called when the instance is not ready, and why: with the first answer and with each change. */
  readonly onNotReady: (notReady: NotReady, intervalSeconds: number) => void;
  /** Called with the error of a first write that is not the caller's any more. */
  readonly onFailed: (error: Error) => void;
}

/**
 * A registration that exists in the registry while `ready` returns true. It is registered with the first true, and paused
 * while the answer is not true. `pause()` and `ready` are independent: the entry is registered when neither holds it back.
 */
export class ReadyRegistration implements Registration {
  private readonly readiness: Readiness;
  /** Resolves with the first answer, or with the first write that it causes. */
  private readonly firstAnswer = deferred<Promise<void> | undefined>();
  private answered = false;
  private registration: Registration | undefined;
  private opening: Promise<void> | undefined;
  private isPaused = false;
  private isReady = false;
  private stopped = false;
  private reason: string | undefined;

  constructor(
    private readonly deps: ReadyRegistrationDeps,
    private source: RecordSource,
    private options: RegistrationOptions,
  ) {
    this.readiness = new Readiness({
      clock: deps.clock,
      ready: deps.ready,
      intervalMs: options.updateInterval * 1_000,
      onChange: (notReady) => {
        this.changed(notReady);
      },
    });
    this.readiness.start();
  }

  get key(): string {
    return this.deps.key;
  }

  /** Why the instance is not ready; undefined while it is. */
  get notReady(): string | undefined {
    return this.reason;
  }

  /** Whether a registrar has the registration, and reports its status. */
  get registered(): boolean {
    return this.registration !== undefined;
  }

  get status(): RegistrationStatus {
    const { key } = this.deps;
    const state = this.stopped ? 'stopped' : this.isReady && !this.isPaused ? 'starting' : 'paused';
    return this.registration?.status ?? Object.freeze({ key, state, lastAck: undefined, age: undefined });
  }

  /** Resolves with the first answer if it is not true, else with the first write. Rejects when that write fails. */
  get first(): Promise<void> {
    return this.firstAnswer.promise.then(() => undefined);
  }

  async update(source: RecordSource): Promise<void> {
    this.source = source;
    await this.registration?.update(source);
  }

  setUpdateInterval(seconds: number): void {
    this.options = { ...this.options, updateInterval: seconds };
    this.readiness.setInterval(seconds * 1_000);
    this.registration?.setUpdateInterval(seconds);
  }

  async setTtl(seconds: number): Promise<void> {
    this.options = { ...this.options, ttl: seconds };
    await this.registration?.setTtl(seconds);
  }

  async pause(): Promise<void> {
    this.isPaused = true;
    await this.registration?.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.apply();
  }

  async stop(): Promise<void> {
    this.close();
    await this.registration?.stop();
  }

  /** Ends the calls of `ready` without a request: the entry ends with its session. */
  close(): void {
    this.stopped = true;
    this.readiness.close();
    this.firstAnswer.resolve(undefined);
  }

  private changed(notReady: NotReady | undefined): void {
    this.isReady = notReady === undefined;
    this.reason = notReady?.reason;
    if (notReady) this.deps.onNotReady(notReady, this.options.updateInterval);
    this.apply();
    this.answered = true;
    this.firstAnswer.resolve(this.opening);
  }

  private apply(): void {
    if (this.stopped) return;
    const wanted = this.isReady && !this.isPaused;
    if (!this.registration) {
      if (wanted) this.open();
    } else if (wanted) this.registration.resume();
    else void this.registration.pause();
  }

  private open(): void {
    if (this.opening) return;
    const isFirst = !this.answered;
    this.opening = this.register();
    // Where `first` is awaited, its caller gets the error.
    this.opening.catch((error: unknown) => {
      // Refused before the first write: the next change of `ready` registers it again.
      if (!this.registration) this.opening = undefined;
      if (!isFirst && !this.stopped) this.deps.onFailed(error as Error);
    });
  }

  private async register(): Promise<void> {
    const { source, options } = this;
    const isHeldBack = (): boolean => this.isPaused || !this.isReady;
    const registration = await this.deps.register(source, options, isHeldBack);
    this.registration = registration;
    if (this.stopped) {
      await registration.stop();
      return;
    }
    // What changed meanwhile.
    if (this.options.ttl !== options.ttl) await registration.setTtl(this.options.ttl);
    if (this.source !== source) void registration.update(this.source);
    this.apply();
    await registration.first;
  }
}
