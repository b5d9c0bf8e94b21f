import { setMaxListeners } from 'node:events';
import { attempt } from '../kernel/deadline.js';
import { type Deferred, deferred } from '../kernel/deferred.js';
import { ClosedError, InvalidOptionError } from '../kernel/errors/index.js';
import { createGate } from '../kernel/gate.js';
import { slotId, slotLabel, slotOf } from '../registry/item.js';
import { type Beat, type BeatEvent } from './beat.js';
import { FailureLog } from './failure-log.js';
import { type Claim } from './hold-machine.js';
import { HoldRunner } from './hold-runner.js';
import { type KeepOptions, type Keeping, type Kept } from './keeping.js';
import { firstItem, KeptValue, type Produce } from './kept.js';
import { type HeartbeatDeps, type SessionListener, SessionRunner } from './session-runner.js';
import { type Ticker } from './ticker.js';

/** What a {@link Keeper} needs besides a registry. */
export interface KeeperDeps extends HeartbeatDeps {
  readonly ticker: Ticker;
  /** Who holds the entries, for operators. */
  readonly name: string;
}

interface Keep {
  readonly hold: HoldRunner;
  readonly value: KeptValue;
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
export class Keeper implements Keeping {
  private readonly sessions = new Map<number, SessionRunner>();
  private readonly keepings = new Map<string, Keep>();
  /** Those of the keepings, and those that are still being withdrawn. */
  private readonly holds = new Set<HoldRunner>();
  private readonly listeners = new Set<(event: BeatEvent) => void>();
  private readonly gate = createGate(CONCURRENCY);
  private readonly ending = new Set<Promise<void>>();
  private readonly connecting = new Set<Deferred<void>>();
  private readonly leaving = new Map<string, Promise<void>>();
  private readonly closing = new AbortController();
  private readonly failures: FailureLog;

  constructor(private readonly deps: KeeperDeps) {
    this.failures = new FailureLog(deps.clock, deps.logger);
    // It stands over every change that is under way: that is no leak to warn of.
    setMaxListeners(0, this.closing.signal);
  }

  get beats(): readonly Beat[] {
    const { clock } = this.deps;
    return [...this.keepings.values()].map(({ hold }) => {
      const age = hold.lastAck === undefined ? undefined : clock.now() - hold.lastAck;
      const lastAck = age === undefined ? undefined : new Date(clock.wall() - age);
      return Object.freeze({ key: hold.key, state: hold.beat, lastAck, age });
    });
  }

  onEvent(listener: (event: BeatEvent) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  async keep(key: string, produce: Produce, options: KeepOptions): Promise<Kept> {
    this.assertOpen();
    const { clock, logger, ticker } = this.deps;
    const item = await firstItem({ clock, logger }, key, produce, options.updateInterval * 1000);
    const slot = slotOf(item);
    const id = slotId(slot);
    await this.leaving.get(id);
    this.assertOpen();
    if (this.keepings.has(id)) {
      throw new InvalidOptionError(`The ${slotLabel(slot)} is kept by this process already; stop it first.`);
    }
    // Withdrawals of the same slot that continue in the background: this entry is what the slot is to have instead.
    const replaced = [...this.holds].filter((other) => slotId(other.slot) === id);
    const hold = new HoldRunner(this.deps, item, {
      key,
      claim: claimOf(options),
      formerSessions: replaced.flatMap(({ sessionIds }) => sessionIds),
      gate: this.gate,
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
    const value = new KeptValue({ clock, logger, ticker }, hold, produce, options.updateInterval * 1000);
    this.holds.add(hold);
    this.keepings.set(id, { hold, value, ttl: options.ttl });
    hold.start(this.session(options.ttl));
    for (const other of replaced) void other.abandon();
    value.start();
    return { id, first: hold.first };
  }

  async value(id: string, produce: Produce): Promise<void> {
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

  private emit(event: BeatEvent): void {
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
    await attempt({ clock, timeout: WITHDRAW_TIMEOUT, what, signal }, run).catch((error: unknown) => {
      // The end of everything is also the end of this.
      if (signal.aborted) return;
      logger.warn(`${(error as Error).message} It continues in the background.`);
    });
  }

  private async end(session: SessionRunner): Promise<void> {
    if (this.sessions.get(session.ttl) === session) this.sessions.delete(session.ttl);
    const { clock, logger, registry } = this.deps;
    const what = `Ending a session at ${registry.url}`;
    const ended = attempt({ clock, timeout: END_TIMEOUT, what }, (signal) => session.end(signal)).catch(
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

function claimOf({ exclusive, waits = false }: KeepOptions): Claim {
  if (waits) return 'wait';
  return exclusive ? 'refuse' : 'take-over';
}
