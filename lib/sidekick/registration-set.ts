import { type Clock } from '../common/clock.js';
import { AlreadyHeldError } from '../registration/already-held.error.js';
import { type Registrar, type Registration, type RegistrationOptions } from '../registration/registrar.js';
import { type RegistrationStatus } from '../registration/registration-status.js';
import { type RecordSource } from '../registration/value-updater.js';
import { type Ready } from './readiness.js';
import { ReadyRegistration } from './ready-registration.js';
import { type RegistrationLog } from './registration-log.js';

export interface RegistrationSetDeps {
  readonly clock: Clock;
  readonly registrar: Registrar;
  readonly log: RegistrationLog;
}

/** An entry to register. */
export interface Addition {
  readonly key: string;
  readonly source: RecordSource;
  readonly options: RegistrationOptions;
  /** Whether a failed first write is thrown; false: it is retried. */
  readonly failFast: boolean;
  /** Registers the entry while it returns true; undefined: always. */
  readonly ready?: Ready | undefined;
  /** Called before the first write. */
  readonly onRegistered: (registration: Registration) => void;
}

/** The registrations of one `Sidekick`. */
export class RegistrationSet {
  private readonly registrations = new Set<Registration>();
  private closed = false;
  private paused = false;

  constructor(private readonly deps: RegistrationSetDeps) {}

  get statuses(): readonly RegistrationStatus[] {
    const held = this.gated.filter(({ registered }) => !registered);
    return [...this.deps.registrar.statuses, ...held.map(({ status }) => status)];
  }

  /** Why instances are not ready, by key. */
  get notReady(): ReadonlyMap<string, string> {
    const reasons = new Map<string, string>();
    for (const { key, notReady } of this.gated) if (notReady !== undefined) reasons.set(key, notReady);
    return reasons;
  }

  /**
   * Registers an entry and waits for the first write. Without `failFast` an error of the first write is logged. While the
   * set is paused, the entry waits for {@link RegistrationSet.resume}, and this function does not.
   */
  async add({ key, source, options, failFast, ready, onRegistered }: Addition): Promise<void> {
    const start = { paused: this.paused };
    const isPaused = (): boolean => {
      start.paused = this.paused;
      return start.paused;
    };
    let registration: Registration | undefined;
    try {
      registration = ready
        ? this.whenReady(key, ready, source, options)
        : await this.deps.registrar.register(key, source, options, isPaused);
      this.registrations.add(registration);
      // The set may have changed since, above all while another thread answered.
      if (this.paused && !start.paused) void registration.pause();
      else if (start.paused && !this.paused) registration.resume();
      onRegistered(registration);
      if (this.paused) this.deps.log.paused(key);
      await registration.first;
    } catch (error) {
      if (this.closed) return;
      if (!registration) throw error;
      if (failFast || error instanceof AlreadyHeldError) {
        await this.remove(key, registration);
        throw error;
      }
      this.retrying(key, error as Error);
    }
  }

  /** Deregisters an entry for good. */
  async remove(key: string, registration: Registration | undefined): Promise<void> {
    if (!registration || !this.registrations.delete(registration)) return;
    await registration.stop();
    this.deps.log.forget(key);
  }

  /** Deregisters all entries until {@link RegistrationSet.resume}. */
  async pause(): Promise<void> {
    this.paused = true;
    await Promise.all([...this.registrations].map((registration) => registration.pause()));
  }

  resume(): void {
    this.paused = false;
    for (const registration of this.registrations) registration.resume();
  }

  /** Called before the registrar is closed: no error is reported any more, and no `ready` is called. */
  close(): void {
    this.closed = true;
    for (const registration of this.gated) registration.close();
  }

  private get gated(): readonly ReadyRegistration[] {
    return [...this.registrations].filter((registration) => registration instanceof ReadyRegistration);
  }

  private whenReady(
    key: string,
    ready: Ready,
    source: RecordSource,
    options: RegistrationOptions,
  ): ReadyRegistration {
    const { clock, registrar, log } = this.deps;
    const deps = {
      clock,
      key,
      ready,
      register: registrar.register.bind(registrar, key),
      onNotReady: log.notReady.bind(log, key),
      onFailed: this.retrying.bind(this, key),
    };
    const gated = new ReadyRegistration(deps, source, options);
    // Before the first answer of `ready`, which registers it.
    if (this.paused) void gated.pause();
    return gated;
  }

  private retrying(key: string, error: Error): void {
    this.deps.log.waiting(key, `The first write of "${key}" failed; retrying: ${error.message}`);
  }
}
