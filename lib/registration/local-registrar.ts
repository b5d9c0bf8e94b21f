import { setMaxListeners } from 'node:events';
import { attempt } from '../common/async/deadline.js';
import { type Deferred, deferred } from '../common/async/deferred.js';
import { ClosedError, InvalidOptionError } from '../common/errors/index.js';
import { Semaphore } from '../common/async/semaphore.js';
import { entryKeyId, entryKeyLabel, entryKeyOf } from '../registry/entry-record.js';
import { type RegistrationStatus, type RegistrationEvent } from './registration-status.js';
import { FailureLog } from './failure-log.js';
import { type Claim } from './registration-machine.js';
import { Registration } from './registration.js';
import { type RegistrationOptions, type Registrar, type RegistrationHandle } from './registrar.js';
import { firstRecord, ValueUpdater, type ComputeRecord } from './value-updater.js';
import { type HeartbeatDeps, type SessionListener, SessionRunner } from './session-runner.js';
import { type Ticker } from './ticker.js';

/** What a {@link LocalRegistrar} needs besides a registry. */
export interface RegistrarDeps extends HeartbeatDeps {
  readonly ticker: Ticker;
  /** Who holds the entries, for operators. */
  readonly name: string;
}

interface Keep {
  readonly hold: Registration;
  readonly value: ValueUpdater;
  ttl: number;
}

/** Requests of all entries that run at the same time. */
const CONCURRENCY = 64;

/** Milliseconds a withdrawal may take before it continues in the background. */
const WITHDRAW_TIMEOUT = 2_000;

/** Milliseconds a session that is no longer needed may take to end: with all the rest of an end, two seconds. */
const END_TIMEOUT = 1_600;

/**
 * Keeps any number of entries alive in one registry. Entries with the same TTL share a session, so that the number
 * of renewals does not grow with them.
 */
export class LocalRegistrar implements Registrar {
  private readonly sessions = new Map<number, SessionRunner>();
  private readonly keepings = new Map<string, Keep>();
  /** Those of the keepings, and those that are still being withdrawn. */
  private readonly holds = new Set<Registration>();
  private readonly listeners = new Set<(event: RegistrationEvent) => void>();
  private readonly requests = new Semaphore(CONCURRENCY);
  private readonly ending = new Set<Promise<void>>();
  private readonly connecting = new Set<Deferred<void>>();
  private readonly leaving = new Map<string, Promise<void>>();
  private readonly closing = new AbortController();
  private readonly failures: FailureLog;

  constructor(private readonly deps: RegistrarDeps) {
    this.failures = new FailureLog(deps.clock, deps.logger);
    // It stands over every change that is under way: that is no leak to warn of.
    setMaxListeners(0, this.closing.signal);
  }

  get beats(): readonly RegistrationStatus[] {
    const { clock } = this.deps;
    return [...this.keepings.values()].map(({ hold }) => {
      const age = hold.lastAck === undefined ? undefined : clock.now() - hold.lastAck;
      const lastAck = age === undefined ? undefined : new Date(clock.wall() - age);
      return Object.freeze({ key: hold.key, state: hold.beat, lastAck, age });
    });
  }

  onEvent(listener: (event: RegistrationEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async keep(key: string, produce: ComputeRecord, options: RegistrationOptions): Promise<RegistrationHandle> {
    this.assertOpen();
    const { clock, logger, ticker } = this.deps;
    const record = await firstRecord({ clock, logger }, key, produce, options.updateInterval * 1000);
    const entryKey = entryKeyOf(record);
    const id = entryKeyId(entryKey);
    await this.leaving.get(id);
    this.assertOpen();
    if (this.keepings.has(id)) {
      throw new InvalidOptionError(
        `The ${entryKeyLabel(entryKey)} is kept by this process already; stop it first.`,
      );
    }
    // Withdrawals of the same entry key that continue in the background: this entry is what the entry key is to have instead.
    const replaced = [...this.holds].filter((other) => entryKeyId(other.entryKey) === id);
    const hold = new Registration(this.deps, record, {
      key,
      claim: claimOf(options),
      formerSessions: replaced.flatMap(({ sessionIds }) => sessionIds),
      requests: this.requests,
      failures: this.failures,
      onMoved: () => {
        this.endUnused();
      },
      onEvent: (event) => {
        this.emit(event);
      },
      onGone: () => {
        this.holds.delete(hold);
        this.endUnused();
      },
    });
    const value = new ValueUpdater({ clock, logger, ticker }, hold, produce, options.updateInterval * 1000);
    this.holds.add(hold);
    this.keepings.set(id, { hold, value, ttl: options.ttl });
    hold.start(this.session(options.ttl));
    for (const other of replaced) void other.abandon();
    value.start();
    return { id, first: hold.first };
  }

  async value(id: string, produce: ComputeRecord): Promise<void> {
    const keeping = this.keepings.get(id);
    if (!keeping) return;
    await keeping.value.replace(produce);
    await this.within(`Writing "${keeping.hold.key}"`, (signal) => keeping.hold.settled(signal));
  }

  async connect(ttl: number): Promise<() => void> {
    this.assertOpen();
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

  updateInterval(id: string, seconds: number): void {
    this.keepings.get(id)?.value.setInterval(seconds * 1000);
  }

  async ttl(id: string, seconds: number): Promise<void> {
    const keeping = this.keepings.get(id);
    if (!keeping || keeping.ttl === seconds) return;
    keeping.ttl = seconds;
    await this.within(`Moving "${keeping.hold.key}" to another TTL`, (signal) =>
      keeping.hold.move(this.session(seconds), signal),
    );
  }

  async pause(id: string): Promise<void> {
    const hold = this.keepings.get(id)?.hold;
    if (hold) await this.within(`Withdrawing "${hold.key}"`, (signal) => hold.pause(signal));
  }

  resume(id: string): void {
    this.keepings.get(id)?.hold.resume();
  }

  async stop(id: string): Promise<void> {
    const keeping = this.keepings.get(id);
    if (!keeping) return;
    this.keepings.delete(id);
    keeping.value.stop();
    const { hold } = keeping;
    const left = this.within(`Withdrawing "${hold.key}"`, (signal) => hold.stop(signal));
    this.leaving.set(id, left);
    await left;
    this.leaving.delete(id);
    await Promise.all(this.ending);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    const closed = new ClosedError('The sidekick');
    this.closing.abort(closed);
    for (const waiting of this.connecting) waiting.reject(closed);
    for (const { value } of this.keepings.values()) value.stop();
    const sessions = [...this.sessions.values()];
    // Each hold is silent as soon as it is told to be; only its watch may take its time to end.
    await Promise.all([
      ...[...this.holds].map((hold) => hold.abandon()),
      ...sessions.map((session) => this.end(session)),
    ]);
    await Promise.all(this.ending);
    this.failures.close();
    this.keepings.clear();
    this.listeners.clear();
  }

  private get closed(): boolean {
    return this.closing.signal.aborted;
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
    if (this.closed) return;
    for (const session of this.sessions.values()) {
      if (session.size === 0) void this.end(session);
    }
  }

  /** Runs a change within its time; what is left of it then continues in the background. */
  private async within(what: string, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, logger } = this.deps;
    const { signal } = this.closing;
    await attempt({ clock, timeoutMs: WITHDRAW_TIMEOUT, what, signal }, run).catch((error: unknown) => {
      // The end of everything is also the end of this.
      if (signal.aborted) return;
      logger.warn(`${(error as Error).message} It continues in the background.`);
    });
  }

  private async end(session: SessionRunner): Promise<void> {
    if (this.sessions.get(session.ttl) === session) this.sessions.delete(session.ttl);
    const { clock, logger, registry } = this.deps;
    const what = `Ending a session at ${registry.url}`;
    const ended = attempt({ clock, timeoutMs: END_TIMEOUT, what }, (signal) => session.end(signal)).catch(
      (error: unknown) => {
        logger.warn(`${what} failed, its entries go with its TTL: ${(error as Error).message}`);
      },
    );
    this.ending.add(ended);
    await ended;
    this.ending.delete(ended);
  }

  private assertOpen(): void {
    if (this.closed) throw new ClosedError('The sidekick');
  }
}

function claimOf({ exclusive, waits = false }: RegistrationOptions): Claim {
  if (waits) return 'wait';
  return exclusive ? 'refuse' : 'take-over';
}
