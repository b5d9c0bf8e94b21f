import { type Clock, type Timer } from '../common/clock.js';
import { type Registration, type RegistrationOptions } from './registrar.js';
import { type RegistrationRunner } from './registration-runner.js';
import { type RegistrationStatus } from './registration-status.js';
import { type SessionRunner } from './session-runner.js';
import { type Sweeps } from './sweeps.js';
import { type RecordSource, type ValueUpdater } from './value-updater.js';

/** What a {@link LocalRegistration} needs of its registrar. */
export interface LocalRegistrationDeps {
  readonly clock: Clock;
  readonly sweeps: Sweeps;
  /** The shared session of this TTL, in seconds. */
  session(ttl: number): SessionRunner;
  /** Waits for a change up to the timeout. After that the change continues in the background. */
  within(what: string, run: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Deregisters the entry for good. */
  deregister(): Promise<void>;
}

/** One registration in this thread. */
export class LocalRegistration implements Registration {
  private stopped = false;
  /** Seconds. */
  private ttl: number;
  private checkIntervalMs: number;
  private checks: Timer | undefined;

  constructor(
    private readonly deps: LocalRegistrationDeps,
    private readonly runner: RegistrationRunner,
    private readonly updater: ValueUpdater,
    { ttl, updateInterval }: Pick<RegistrationOptions, 'ttl' | 'updateInterval'>,
  ) {
    this.ttl = ttl;
    this.checkIntervalMs = updateInterval * 1_000;
  }

  get first(): Promise<void> {
    return this.runner.first;
  }

  get status(): RegistrationStatus {
    const { clock } = this.deps;
    const { key, state, lastAck } = this.runner;
    if (lastAck === undefined) return Object.freeze({ key, state, lastAck, age: undefined });
    const ageMs = clock.now() - lastAck;
    return Object.freeze({ key, state, lastAck: new Date(clock.wall() - ageMs), age: ageMs / 1_000 });
  }

  /** Registers the entry with the session of its TTL, and starts the checks and the update ticks. */
  start(): void {
    this.runner.start(this.deps.session(this.ttl));
    this.startChecks();
    this.updater.start();
  }

  async update(source: RecordSource): Promise<void> {
    if (this.stopped) return;
    await this.updater.replace(source);
    await this.deps.within(`Writing "${this.runner.key}"`, (signal) => this.runner.settled(signal));
  }

  setUpdateInterval(seconds: number): void {
    if (this.stopped) return;
    this.checkIntervalMs = seconds * 1_000;
    this.startChecks();
    this.updater.setInterval(this.checkIntervalMs);
  }

  async setTtl(seconds: number): Promise<void> {
    if (this.stopped || this.ttl === seconds) return;
    this.ttl = seconds;
    await this.deps.within(`Moving "${this.runner.key}" to another TTL`, (signal) =>
      this.runner.move(this.deps.session(seconds), signal),
    );
  }

  async pause(): Promise<void> {
    if (this.stopped) return;
    await this.deps.within(`Deregistering "${this.runner.key}"`, (signal) => this.runner.pause(signal));
  }

  resume(): void {
    if (!this.stopped) this.runner.resume();
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.end();
    await this.deps.deregister();
  }

  /** Ends the checks and ticks without a request: the entry ends with its session. */
  end(): void {
    this.stopped = true;
    this.checks?.cancel();
    this.updater.stop();
  }

  private startChecks(): void {
    this.checks?.cancel();
    this.checks = this.deps.sweeps.join(this.checkIntervalMs, () => {
      this.runner.check();
    });
  }
}
