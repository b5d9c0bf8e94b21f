import { attempt } from '../common/async/deadline.js';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { MAX_SECONDS } from '../common/clock.js';
import { expected } from '../common/expected.js';
import { checkName } from '../common/names.js';
import { type SessionListener } from '../registration/session-runner.js';
import { type BackendLocks } from './election-backend.js';
import { type ElectionRunnerDeps } from './election-runner.js';
import { marginMs } from './election-state.js';
import { LocalLock, type LocalLockDeps } from './local-lock.js';
import { type Acquired, type AcquireOptions } from './locks.js';

/** How long a run waits for the first session of the process, in milliseconds. */
const OPEN_WAIT_MS = 1_000;
/** How long locks that are still held may take to be handed over, in milliseconds. */
const CLOSE_TIMEOUT_MS = 500;

/** All locks of one process. */
export class LocalLocks implements BackendLocks {
  private readonly locks = new Map<string, LocalLock>();
  private readonly lockDeps: LocalLockDeps;
  private attached = false;
  private closed = false;
  private warned = false;
  private readonly opened: Deferred<void> = deferred();
  private readonly listener: SessionListener = {
    onSession: (signal) => {
      if (signal === 'up') this.opened.resolve();
      if (signal === 'gone') for (const lock of this.locks.values()) lock.sessionGone();
    },
    onMissing: () => undefined,
    onOpenFailed: () => undefined,
  };

  constructor(
    private readonly deps: ElectionRunnerDeps,
    private readonly ttlMs: () => number,
  ) {
    this.lockDeps = {
      ...deps,
      sessionEndsAt: () => this.sessionEndsAt(),
      onFailed: (error) => {
        this.warn(`while the registry ${deps.registry.url} cannot be reached: ${error.message}`);
      },
      onAnswered: () => {
        this.answered();
      },
    };
  }

  /** The labels of the runs in progress. */
  get running(): readonly string[] {
    return [...this.locks.values()].flatMap(({ run }) => run?.label ?? []);
  }

  observe(name: string): void {
    checkName('lock', name);
    if (!this.closed) this.lock(name);
  }

  async acquire(name: string, options: AcquireOptions): Promise<Acquired> {
    checkName('lock', name);
    checkDurations(options);
    if (this.closed || options.signal?.aborted === true) return { granted: false, reason: 'closed' };
    const lock = this.lock(name);
    await this.firstSession();
    if (this.refuses(options)) return { granted: false, reason: 'closed' };
    const acquired = await lock.acquire(options);
    if (!acquired.granted && acquired.reason === 'unreachable') this.warnOfSession();
    if (!acquired.granted || !this.refuses(options)) return acquired;
    lock.abandon();
    return { granted: false, reason: 'closed' };
  }

  /** Frees a lock whose run was granted too late to begin. */
  abandon(name: string): void {
    this.locks.get(name)?.abandon();
  }

  /** Refuses further runs, and aborts the signals. */
  shutdown(): void {
    this.closed = true;
    for (const { run } of this.locks.values()) run?.lose('shutdown');
  }

  /** Hands the locks that are still held to sessions that outlive this process, and stops. */
  async close(): Promise<void> {
    const locks = [...this.locks.values()];
    const { clock } = this.deps;
    const what = 'Handing over locks';
    await attempt({ clock, timeoutMs: CLOSE_TIMEOUT_MS, what }, () =>
      Promise.all(locks.map((lock) => lock.shutdown())),
    ).catch(() => undefined);
    await Promise.all(locks.map((lock) => lock.close()));
    this.deps.sessions.delete(this.listener);
  }

  /** The first run of a process may be due before its session is open. */
  private async firstSession(): Promise<void> {
    if (this.deps.sessions.lastAck !== undefined) return;
    const { clock } = this.deps;
    const what = 'Opening the session of locks';
    await attempt({ clock, timeoutMs: OPEN_WAIT_MS, what }, () => this.opened.promise).catch(() => undefined);
  }

  private refuses({ signal }: AcquireOptions): boolean {
    return this.closed || signal?.aborted === true;
  }

  private lock(name: string): LocalLock {
    if (!this.attached) {
      this.attached = true;
      this.deps.sessions.add(this.listener);
    }
    const lock = this.locks.get(name) ?? new LocalLock(this.lockDeps, name, this.ttlMs);
    this.locks.set(name, lock);
    return lock;
  }

  /** When the session ends without a further acknowledgement; `-Infinity` without a session. */
  sessionEndsAt(): number {
    const { usable, lastAck } = this.deps.sessions;
    if (!usable || lastAck === undefined) return -Infinity;
    const ttlMs = usable.ttl * 1_000;
    return lastAck + ttlMs - marginMs(ttlMs);
  }

  private warn(reason: string): void {
    if (this.warned) return;
    this.warned = true;
    this.deps.logger.warn(`Skipping locked runs ${reason}`);
  }

  private warnOfSession(): void {
    const { sessions, registry } = this.deps;
    this.warn(
      sessions.lastAck === undefined
        ? `until the session at ${registry.url} is open.`
        : `while the registry ${registry.url} cannot be reached: no session is acknowledged`,
    );
  }

  private answered(): void {
    if (!this.warned) return;
    this.warned = false;
    this.deps.logger.log(`Locked runs reach the registry ${this.deps.registry.url} again.`);
  }
}

/** @throws InvalidOptionError */
export function checkDurations({ lockAtMostForMs: most, lockAtLeastForMs: least = 0 }: AcquireOptions): void {
  const greatest = MAX_SECONDS * 1_000;
  if (!(most > 0 && most <= greatest))
    throw expected('lockAtMostForMs', `a number of milliseconds above 0 and up to ${greatest}`, most);
  if (!(least >= 0 && least <= most))
    throw expected('lockAtLeastForMs', `a number of milliseconds from 0 to lockAtMostForMs (${most})`, least);
}
