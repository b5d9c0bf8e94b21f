import { setMaxListeners } from 'node:events';
import { abortReason } from '../common/async/abort.js';
import { AbortScope } from '../common/async/abort-scope.js';
import { attempt } from '../common/async/deadline.js';
import { type Deferred, deferred } from '../common/async/deferred.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { RequestQueue } from '../common/async/request-queue.js';
import { WarnOnce } from '../common/warn-once.js';
import { entryKeyId, entryKeyLabel, entryKeyOf } from '../registry/entry-record.js';
import { type RegistrationStatus, type RegistrationEvent } from './registration-status.js';
import { FailureLog } from './failure-log.js';
import { type Claim } from './registration-machine.js';
import { deregistering, LocalRegistration, type LocalRegistrationDeps } from './local-registration.js';
import { RegistrationRunner } from './registration-runner.js';
import { type RegistrationRunnerDeps } from './registration-runner-deps.js';
import { type RegistrationOptions, type Registrar, type Registration } from './registrar.js';
import { computeFirstRecord, type RecordSource } from './value-updater.js';
import { type HeartbeatDeps, type SessionListener, SessionRunner } from './session-runner.js';
import { Sweeps } from './sweeps.js';
import { type Ticker } from './ticker.js';

/** Dependencies of a {@link LocalRegistrar}. */
export interface RegistrarDeps extends HeartbeatDeps {
  readonly ticker: Ticker;
  /** Name of this process in the registry, for operators. */
  readonly name: string;
}

/** What registers entries of each kind, for the message about a second registration. */
const SOURCES = {
  key: 'the option `key`, @Heartbeat or Sidekick.keep(). Use each key once',
  instance: 'the option `service` or `config`, or Sidekick.announce(). Use each id once',
};

/** Limit of concurrent requests, for all entries together. */
const MAX_CONCURRENT_REQUESTS = 64;

/** Milliseconds after which a change or deregistration continues in the background. */
const CHANGE_TIMEOUT_MS = 2_000;

/** Timeout of ending a session in milliseconds: with the rest of a shutdown below two seconds. */
const END_TIMEOUT_MS = 1_600;

/**
 * Registers any number of entries in one registry. Entries with the same TTL share a session, so that the number of
 * renewals does not grow with the number of entries.
 */
export class LocalRegistrar implements Registrar {
  private readonly sessions = new Map<number, SessionRunner>();
  /** By entry, since a process registers each entry once. */
  private readonly registrations = new Map<string, LocalRegistration>();
  /** The registrations, and those whose deregistration continues in the background. */
  private readonly active = new Set<RegistrationRunner>();
  /** Of the active ones, those whose deregistration may continue in the background, by entry. */
  private readonly leaving = new Map<string, Set<RegistrationRunner>>();
  private readonly listeners = new Set<(event: RegistrationEvent) => void>();
  private readonly ending = new Set<Promise<void>>();
  private readonly connecting = new Set<Deferred<void>>();
  /** Deregistrations in progress, by entry. A new registration of the same entry waits for them. */
  private readonly deregistrations = new Map<string, Promise<unknown>>();
  private readonly lifetime = new AbortScope('The sidekick');
  private readonly failures: FailureLog;
  /** Warns about changes that continue in the background. */
  private readonly unfinished: WarnOnce;
  private readonly runnerDeps: RegistrationRunnerDeps<RegistrationRunner>;
  private readonly registrationDeps: LocalRegistrationDeps;

  constructor(private readonly deps: RegistrarDeps) {
    this.failures = new FailureLog(deps.clock, deps.logger);
    const { clock, logger, ticker } = deps;
    this.unfinished = new WarnOnce(
      clock,
      logger,
      (labels) =>
        `${labels.length} more changes took longer than ${CHANGE_TIMEOUT_MS / 1_000} s and continue in the background: ${labels.join(', ')}.`,
    );
    this.runnerDeps = {
      registry: deps.registry,
      clock,
      random: deps.random,
      applicationId: deps.applicationId,
      logger,
      requests: new RequestQueue(MAX_CONCURRENT_REQUESTS),
      failures: this.failures,
      sweeps: new Sweeps(clock),
      onEvent: (event) => {
        this.emit(event);
      },
      onMoved: () => {
        this.endUnused();
      },
      onGone: (runner) => {
        this.gone(runner);
      },
    };
    this.registrationDeps = {
      clock,
      logger,
      ticker,
      session: (ttl) => this.session(ttl),
      within: (what, run, quiet) => this.within(what, run, quiet),
      deregister: (runner) => this.deregister(runner),
    };
    // Every change in flight listens to this signal, which is no leak.
    setMaxListeners(0, this.lifetime.signal);
  }

  get statuses(): readonly RegistrationStatus[] {
    return [...this.registrations.values()].map(({ status }) => status);
  }

  onEvent(listener: (event: RegistrationEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async register(
    key: string,
    source: RecordSource,
    options: RegistrationOptions,
    isPaused = (): boolean => false,
  ): Promise<Registration> {
    this.lifetime.assertOpen();
    const { clock, logger } = this.deps;
    const first = { clock, logger, signal: this.lifetime.signal };
    const record = await computeFirstRecord(first, key, source, options.updateInterval * 1000);
    const entryKey = entryKeyOf(record);
    const id = entryKeyId(entryKey);
    await this.deregistrations.get(id);
    this.lifetime.assertOpen();
    if (this.registrations.has(id)) {
      throw new InvalidOptionError(
        `The ${entryKeyLabel(entryKey)} is registered by this process already, by ${SOURCES[entryKey.kind]}, or stop that registration first.`,
      );
    }
    // Deregistrations of the same entry in the background: this registration replaces them.
    const replaced = [...(this.leaving.get(id) ?? [])];
    const paused = isPaused();
    const runner = new RegistrationRunner(this.runnerDeps, record, {
      key,
      entryId: id,
      claim: claimOf(options),
      formerSessions: replaced.flatMap(({ sessionIds }) => sessionIds),
      paused,
    });
    const registration = new LocalRegistration(this.registrationDeps, runner, source, options);
    this.active.add(runner);
    this.registrations.set(id, registration);
    registration.start();
    // A paused registration removes nothing, so that they continue.
    if (!paused) for (const other of replaced) void other.abandon();
    return registration;
  }

  async connect(ttl: number): Promise<() => void> {
    this.lifetime.assertOpen();
    const session = this.session(ttl);
    const up = deferred<void>();
    const listener: SessionListener = {
      onSession: (signal) => {
        if (signal === 'up') up.resolve();
      },
      onMissing: () => undefined,
      onOpenFailed: (error) => {
        up.reject(error);
      },
    };
    session.add(listener);
    this.connecting.add(up);
    const leave = (): void => {
      session.delete(listener);
      this.endUnused();
    };
    try {
      await up.promise;
    } catch (error) {
      leave();
      throw error;
    } finally {
      this.connecting.delete(up);
    }
    return leave;
  }

  async close(): Promise<void> {
    if (this.lifetime.closed) return;
    this.lifetime.close();
    for (const waiting of this.connecting) waiting.reject(abortReason(this.lifetime.signal));
    for (const registration of this.registrations.values()) registration.end();
    const sessions = [...this.sessions.values()];
    await Promise.all([
      ...[...this.active].map((runner) => runner.abandon()),
      ...sessions.map((session) => this.end(session)),
    ]);
    await Promise.all(this.ending);
    this.failures.close();
    this.unfinished.close();
    this.registrations.clear();
    this.listeners.clear();
  }

  private gone(runner: RegistrationRunner): void {
    const { entryId, key } = runner;
    this.active.delete(runner);
    this.unfinished.forget(deregistering(key));
    const leaving = this.leaving.get(entryId);
    if (leaving?.delete(runner) === true && leaving.size === 0) this.leaving.delete(entryId);
    this.endUnused();
  }

  private async deregister(runner: RegistrationRunner): Promise<void> {
    const { entryId: id } = runner;
    this.registrations.delete(id);
    if (this.active.has(runner)) this.leaving.set(id, (this.leaving.get(id) ?? new Set()).add(runner));
    const deregistered = this.within(deregistering(runner.key), (signal) => runner.stop(signal));
    this.deregistrations.set(id, deregistered);
    await deregistered;
    this.deregistrations.delete(id);
    await Promise.all(this.ending);
  }

  private emit(event: RegistrationEvent): void {
    for (const listener of [...this.listeners]) listener(event);
  }

  private session(ttl: number): SessionRunner {
    let session = this.sessions.get(ttl);
    if (!session) {
      session = new SessionRunner(this.deps, ttl, this.deps.name);
      this.sessions.set(ttl, session);
    }
    return session;
  }

  private endUnused(): void {
    if (this.lifetime.closed) return;
    for (const session of this.sessions.values()) {
      if (session.size === 0) void this.end(session);
    }
  }

  /** As {@link LocalRegistrationDeps.within}. */
  private async within(
    what: string,
    run: (signal: AbortSignal) => Promise<void>,
    quiet = false,
  ): Promise<boolean> {
    const { clock } = this.deps;
    const { signal } = this.lifetime;
    try {
      await attempt({ clock, timeoutMs: CHANGE_TIMEOUT_MS, what, signal }, run);
      this.unfinished.forget(what);
      return true;
    } catch (error) {
      // A shutdown ends this change too.
      if (!quiet && !signal.aborted) {
        this.unfinished.warn(what, {
          message: () => `${(error as Error).message} It continues in the background.`,
          label: () => what,
        });
      }
      return false;
    }
  }

  private async end(session: SessionRunner): Promise<void> {
    if (this.sessions.get(session.ttl) === session) this.sessions.delete(session.ttl);
    const { clock, logger, registry } = this.deps;
    const what = `Ending a session at ${registry.url}`;
    const ended = attempt({ clock, timeoutMs: END_TIMEOUT_MS, what }, (signal) => session.end(signal)).catch(
      (error: unknown) => {
        logger.warn(`${what} failed; its entries expire with its TTL: ${(error as Error).message}`);
      },
    );
    this.ending.add(ended);
    await ended;
    this.ending.delete(ended);
  }
}

function claimOf({ exclusive, waits = false }: RegistrationOptions): Claim {
  if (waits) return 'wait';
  return exclusive ? 'refuse' : 'take-over';
}
