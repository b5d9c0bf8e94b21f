import { type Registration, type RegistrationOptions } from './registrar.js';
import { type RegistrationRunner } from './registration-runner.js';
import { type RegistrationStatus } from './registration-status.js';
import { type SessionRunner } from './session-runner.js';
import { type RecordSource, ValueUpdater, type ValueUpdaterDeps } from './value-updater.js';

/** What all registrations of one registrar share. */
export interface LocalRegistrationDeps extends ValueUpdaterDeps {
  /** The shared session of this TTL, in seconds. */
  session(ttl: number): SessionRunner;
  /**
   * Waits for a change up to the timeout. After that the change continues in the background.
   *
   * @param quiet whether an exceeded timeout is not logged
   * @default quiet: false
   * @returns whether the change has finished
   */
  within(what: string, run: (signal: AbortSignal) => Promise<void>, quiet?: boolean): Promise<boolean>;
  /** Deregisters the entry of a runner for good. */
  deregister(runner: RegistrationRunner): Promise<void>;
}

/** One registration in this thread. */
export class LocalRegistration implements Registration {
  private stopped = false;
  /** Whether the last write exceeded its timeout. With `isolate` a value may change every few seconds of an outage. */
  private overdue = false;
  /** Seconds. */
  private ttl: number;
  /** Of the checks and of the update ticks. */
  private intervalMs: number;
  /** Undefined for a record that has always been constant. */
  private updater: ValueUpdater | undefined;

  constructor(
    private readonly deps: LocalRegistrationDeps,
    private readonly runner: RegistrationRunner,
    source: RecordSource,
    { ttl, updateInterval }: Pick<RegistrationOptions, 'ttl' | 'updateInterval'>,
  ) {
    this.ttl = ttl;
    this.intervalMs = updateInterval * 1_000;
    if (typeof source === 'function') this.updater = this.updaterOf(source);
  }

  get first(): Promise<void> {
    return this.runner.first;
  }

  get status(): RegistrationStatus {
    const { clock } = this.deps;
    const { key, entryKey, state, lastAck, expiresAt } = this.runner;
    const service = entryKey.kind === 'instance' ? entryKey.service : undefined;
    const now = clock.now();
    const expiresIn = expiresAt === undefined ? undefined : (expiresAt - now) / 1_000;
    const common = { key, state, service, expiresIn };
    if (lastAck === undefined) return Object.freeze({ ...common, lastAck, age: undefined });
    const ageMs = now - lastAck;
    return Object.freeze({ ...common, lastAck: new Date(clock.wall() - ageMs), age: ageMs / 1_000 });
  }

  /** Registers the entry with the session of its TTL, and starts the checks and the update ticks. */
  start(): void {
    this.runner.start(this.deps.session(this.ttl));
    this.runner.checks.start(this.intervalMs);
    this.updater?.start();
  }

  async update(source: RecordSource): Promise<void> {
    if (this.stopped) return;
    if (this.updater) await this.updater.replace(source);
    else if (typeof source === 'function') {
      this.updater = this.updaterOf(source);
      this.updater.start();
      await this.updater.replace(source);
    } else this.runner.update(source);
    const written = await this.deps.within(
      `Writing "${this.runner.key}"`,
      (signal) => this.runner.settled(signal),
      this.overdue,
    );
    this.overdue = !written;
  }

  setUpdateInterval(seconds: number): void {
    if (this.stopped) return;
    this.intervalMs = seconds * 1_000;
    this.runner.checks.start(this.intervalMs);
    this.updater?.setInterval(this.intervalMs);
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
    await this.deps.within(deregistering(this.runner.key), (signal) => this.runner.pause(signal));
  }

  resume(): void {
    if (!this.stopped) this.runner.resume();
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.end();
    await this.deps.deregister(this.runner);
  }

  /** Ends the checks and ticks without a request: the entry ends with its session. */
  end(): void {
    this.stopped = true;
    this.runner.checks.stop();
    this.updater?.stop();
  }

  private updaterOf(source: RecordSource): ValueUpdater {
    return new ValueUpdater(this.deps, this.runner, source, this.intervalMs);
  }
}

/** What a deregistration is called in the log. */
export function deregistering(key: string): string {
  return `Deregistering "${key}"`;
}
