import { Backoff } from '../common/async/backoff.js';
import { pause } from '../common/async/deadline.js';
import { type Timer } from '../common/clock.js';
import { entryKeyId, entryKeyLabel, type PlainKey } from '../registry/entry-record.js';
import { ListWatcher } from '../registry/list-watcher.js';
import { type Session, type WriteResult } from '../registry/registry.js';
import { isUnreachable } from '../registry/shared-connection.js';
import { SessionGoneError } from '../registry/session-gone.error.js';
import { ElectionRequests, type RequestBounds } from './election-requests.js';
import { type ElectionRunnerDeps } from './election-runner.js';
import { LocalLockRun } from './local-lock-run.js';
import { encodeLockRecord } from './lock-record.js';
import { LockSights } from './lock-sights.js';
import { LongWaitWarning } from './long-wait-warning.js';
import { type Acquired, type AcquireOptions, type SkipReason } from './locks.js';

/** What a {@link LocalLock} needs. */
export interface LocalLockDeps extends ElectionRunnerDeps {
  /** When the session ends without a further acknowledgement; `-Infinity` without a session. */
  readonly sessionEndsAt: () => number;
  /** Reports a failed request, and a successful one. */
  readonly onFailed: (error: Error) => void;
  readonly onAnswered: () => void;
}

/** The record that this process has written, from the grant until the lock is free. */
interface Held {
  readonly session: Session;
  readonly version: string;
  readonly freeAt: number;
  readonly since: string;
  readonly run: LocalLockRun;
}

/** The shortest hold, in milliseconds, for which a session of its own is opened: etcd grants no shorter lease. */
const MIN_DETACHED_MS = 2_000;

/** Timeout of a request, in milliseconds, unless a third of the TTL is less. */
const REQUEST_TIMEOUT_MS = 2_000;

/** One lock of one process: at most one run at a time. */
export class LocalLock {
  private readonly entryKey: PlainKey;
  private readonly requests: ElectionRequests;
  private readonly sights: LockSights;
  private readonly longWait: LongWaitWarning;
  private readonly watcher: ListWatcher;
  private held: Held | undefined;
  /** Whether a request to acquire or to free is in progress. */
  private working: Promise<void> | undefined;
  private timer: Timer | undefined;
  private readonly lifetime = new AbortController();

  constructor(
    private readonly deps: LocalLockDeps,
    readonly name: string,
    private readonly ttlMs: () => number,
  ) {
    const { registry, clock, random, outages } = deps;
    this.entryKey = { kind: 'key', space: 'locks', key: name };
    this.requests = new ElectionRequests(registry, clock, this.entryKey);
    this.sights = new LockSights(clock, ttlMs);
    this.longWait = new LongWaitWarning(deps.logger, {
      label: `${entryKeyLabel(this.entryKey)} in ${registry.url}`,
      field: 'remaining',
      respected: () =>
        'and runs are skipped until it has passed. That is longer than `lockAtMostFor` of this process. If no such run is in progress, delete the record: the lock is free then.',
      refused: (own) => `and removed ${own} s after its first sight`,
    });
    this.watcher = new ListWatcher({
      registry,
      scope: this.entryKey,
      clock,
      random,
      logger: outages.ofWatch(this.label, () => this.watcher.state.error),
      onUpdate: ({ entries }) => {
        const entry = entries.get(entryKeyId(this.entryKey));
        this.sights.see(entry);
        // The watch may be late: a record of another session replaces the own one only after that is gone.
        if (this.held && entry?.owner !== this.held.session.id) void this.verify(this.held);
      },
    });
    this.watcher.start();
  }

  /** The run in progress; undefined without one. */
  get run(): LocalLockRun | undefined {
    return this.held?.run.active === true ? this.held.run : undefined;
  }

  async acquire(options: AcquireOptions): Promise<Acquired> {
    if (this.held) return skipped(this.held.run.active ? 'running' : 'held');
    if (this.working) return skipped('running');
    const session = this.deps.sessions.usable;
    if (!session || this.deps.clock.now() >= this.deps.sessionEndsAt()) return skipped('unreachable');
    let result: Acquired = skipped('unreachable');
    this.working = this.attempt(session, options).then((acquired) => {
      result = acquired;
      this.working = undefined;
    });
    await this.working;
    return result;
  }

  /** Frees the lock of a run whose job does not begin, without regard to `lockAtLeastFor`. */
  abandon(): void {
    const run = this.held?.run;
    if (!run) return;
    this.release(run);
    run.end();
  }

  /** The session is gone, and with it the record. */
  sessionGone(): void {
    if (!this.held) return;
    this.held.run.lose('session-gone');
    if (!this.held.run.active) this.forget();
  }

  /**
   * Hands the lock to a session that outlives this process: for what is left of `lockAtLeastFor`, or for one TTL if the job
   * still runs.
   */
  async shutdown(): Promise<void> {
    await this.working;
    if (this.held) await this.hold(this.held);
  }

  async close(): Promise<void> {
    this.timer?.cancel();
    this.lifetime.abort();
    for (const label of [this.label, this.freeLabel]) this.deps.outages.forget(label);
    this.requests.close(new Error('The lock is closed.'));
    await Promise.all([this.working, this.watcher.close()]);
  }

  private get label(): string {
    return `watch of the lock ${JSON.stringify(this.name)}`;
  }

  private get freeLabel(): string {
    return `release of the lock ${JSON.stringify(this.name)}`;
  }

  private async attempt(session: Session, options: AcquireOptions): Promise<Acquired> {
    const { clock } = this.deps;
    const startedAt = clock.now();
    try {
      const acquired = await this.take(session, options, startedAt);
      this.deps.onAnswered();
      return acquired;
    } catch (error) {
      if (error instanceof SessionGoneError) this.deps.sessions.reportGone(session);
      else if (!this.lifetime.signal.aborted) {
        this.deps.onFailed(error as Error);
        // The write may have taken effect, or do so later.
        void this.free(session, undefined);
      }
      return skipped('unreachable');
    }
  }

  private async take(session: Session, options: AcquireOptions, startedAt: number): Promise<Acquired> {
    const { clock, holder } = this.deps;
    const { lockAtMostForMs } = options;
    const since = new Date(clock.wall()).toISOString();
    const value = encodeLockRecord({ holder, state: 'running', remainingMs: lockAtMostForMs, since });
    if (this.sights.current) {
      const skip = await this.clear(session, lockAtMostForMs);
      if (skip) return skipped(skip);
    }
    let written = await this.create(session, value);
    if (!written.ok) {
      this.sights.see(written.current);
      const skip = await this.clear(session, lockAtMostForMs);
      if (skip) return skipped(skip);
      written = await this.create(session, value);
      if (!written.ok) return skipped('running');
    }
    const { version, createRevision: term } = written;
    if (term === undefined) {
      // The key had a value that the driver could not read, so that its create revision is an old one.
      await this.discard(session, version);
      return skipped('held');
    }
    return this.grant({ session, version, since }, { ...options, term, startedAt });
  }

  private grant(
    written: Pick<Held, 'session' | 'version' | 'since'>,
    grant: AcquireOptions & { readonly term: string; readonly startedAt: number },
  ): Acquired {
    const { clock, sessionEndsAt } = this.deps;
    const { term, startedAt, lockAtMostForMs, lockAtLeastForMs = 0, label } = grant;
    const run = new LocalLockRun({
      clock,
      name: this.name,
      term,
      label,
      expiresAt: startedAt + lockAtMostForMs,
      sessionEndsAt,
      onExpired: () => {
        this.release(run);
      },
      onEnd: () => {
        this.ended(run);
      },
    });
    this.held = { ...written, run, freeAt: startedAt + lockAtLeastForMs };
    return { granted: true, run };
  }

  /** Reads the key, and removes a record whose time has passed. Returns why the lock is not free, if it is not. */
  private async clear(session: Session, atMostMs: number): Promise<SkipReason | undefined> {
    const entry = await this.requests.read(boundsOf(session));
    const sight = this.sights.see(entry);
    if (!sight) return undefined;
    if (this.deps.clock.now() < sight.freeAt) {
      this.longWait.see(entry);
      this.longWait.check(atMostMs / 1_000, this.ttlMs() / 1_000);
      return sight.state;
    }
    await this.discard(session, sight.version);
    return undefined;
  }

  private ended(run: LocalLockRun): void {
    const { held } = this;
    if (held?.run !== run) return;
    const holdMs = held.freeAt - this.deps.clock.now();
    if (holdMs <= 0 || run.hasLostRecord) {
      this.release(run);
      return;
    }
    this.timer = this.deps.clock.after(holdMs, () => {
      this.release(run);
    });
    if (holdMs >= MIN_DETACHED_MS) void this.hold(held);
  }

  /** Moves the record to a session of its own, so that the hold outlives this process. */
  private async hold(held: Held): Promise<void> {
    const { registry, holder, clock } = this.deps;
    const { active } = held.run;
    const freeAt = active
      ? Math.min(clock.now() + held.session.ttl * 1_000, held.run.expiresAt)
      : held.freeAt;
    const remainingMs = freeAt - clock.now();
    if (remainingMs <= 0 || this.working) return;
    const ttlMs = Math.max(MIN_DETACHED_MS, remainingMs);
    const state = active ? 'running' : 'held';
    const bounds = boundsOf(held.session);
    this.working = this.requests
      .send('Holding', bounds, async (signal) => {
        const session = await registry.openSession(
          { ttl: ttlMs / 1_000, name: holder, detached: true },
          signal,
        );
        const value = encodeLockRecord({ holder, state, remainingMs, since: held.since });
        const written = await session.write({ ...this.entryKey, value }, held.version, signal);
        if (written.ok && this.held === held) this.held = { ...held, session, version: written.version };
      })
      // The record stays with the session of this process, which frees it in time.
      .catch(() => undefined)
      .finally(() => {
        this.working = undefined;
      });
    await this.working;
  }

  private release(run: LocalLockRun): void {
    const { held } = this;
    if (held?.run !== run) return;
    this.forget();
    void this.free(held.session, held.version);
  }

  private forget(): void {
    this.timer?.cancel();
    this.held = undefined;
  }

  /** Removes the own record, in the background for as long as the registry is away. */
  private async free(session: Session, version: string | undefined): Promise<void> {
    await this.working;
    const backoff = new Backoff(undefined, this.deps.random);
    const { clock, registry, outages } = this.deps;
    const { signal } = this.lifetime;
    const work = async (): Promise<void> => {
      for (let attempts = 1; !signal.aborted; attempts++) {
        try {
          const bounds = boundsOf(session);
          await this.requests.send('Freeing', bounds, async (inner) => {
            if (version === undefined) await session.remove(this.entryKey, inner);
            else await registry.discard?.(this.entryKey, version, inner);
          });
          this.sights.see(undefined);
          outages.recovered(this.freeLabel);
          return;
        } catch (error) {
          if (error instanceof SessionGoneError) {
            outages.recovered(this.freeLabel);
            return;
          }
          // The failure of one member of a cluster is not logged.
          if (attempts > 2 || !isUnreachable(error)) outages.failed(this.freeLabel, error as Error);
          await pause(clock, backoff.next(), signal).catch(() => undefined);
        }
      }
    };
    this.working = work().finally(() => {
      this.working = undefined;
    });
    await this.working;
  }

  /** Checks by a read whether the record is still the own one: no further change of the key may come. */
  private async verify(held: Held, backoff = new Backoff(undefined, this.deps.random)): Promise<void> {
    const entry = await this.requests.read(boundsOf(held.session)).catch(() => 'unknown' as const);
    if (this.held !== held || this.working) return;
    if (entry === 'unknown') {
      await pause(this.deps.clock, backoff.next(), this.lifetime.signal).catch(() => undefined);
      if (!this.lifetime.signal.aborted) await this.verify(held, backoff);
    } else if (entry?.version !== held.version) {
      held.run.lose('record-lost');
      if (!held.run.active) this.forget();
    }
  }

  private async create(session: Session, value: string): Promise<WriteResult> {
    return await this.requests.send('Taking', boundsOf(session), (signal) =>
      session.write({ ...this.entryKey, value }, undefined, signal),
    );
  }

  private async discard(session: Session, version: string): Promise<void> {
    await this.requests.send('Clearing', boundsOf(session), async (signal) =>
      this.deps.registry.discard?.(this.entryKey, version, signal),
    );
  }
}

function skipped(reason: SkipReason): Acquired {
  return { granted: false, reason };
}

/** A run is attempted once, so that its requests get more time than the renewals of a record. */
function boundsOf(session: Session): RequestBounds {
  return { session, ttlMs: session.ttl * 1_000, leastMs: REQUEST_TIMEOUT_MS };
}
