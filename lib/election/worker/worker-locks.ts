import { type Clock } from '../../common/clock.js';
import { type Logger } from '../../common/logger.js';
import { checkName } from '../../common/names.js';
import { type BackendLocks } from '../election-backend.js';
import { LocalLockRun } from '../local-lock-run.js';
import { checkDurations } from '../local-locks.js';
import { type LockLostReason } from '../lock-lost.error.js';
import { type Acquired, type AcquireOptions, type SkipReason } from '../locks.js';
import { type SendElectionRequest } from './election-channel.js';
import { type SharedDeadline } from './shared-deadline.js';

/** What {@link WorkerLocks} need. */
export interface WorkerLocksDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Until when locks are held without a further acknowledgement. */
  readonly session: SharedDeadline;
  readonly send: SendElectionRequest;
}

/** Locks whose records the worker thread keeps. The runs are in this thread. */
export class WorkerLocks implements BackendLocks {
  private readonly names = new Set<string>();
  private readonly runs = new Map<number, LocalLockRun>();
  private number = 0;
  private warned = false;
  private closed = false;

  constructor(private readonly deps: WorkerLocksDeps) {}

  get running(): readonly string[] {
    return [...this.runs.values()].map(({ label }) => label);
  }

  observe(name: string): void {
    checkName('lock', name);
    if (this.closed || this.names.has(name)) return;
    this.names.add(name);
    this.post(this.deps.send({ kind: 'observe-lock', lock: name }));
  }

  async acquire(name: string, options: AcquireOptions): Promise<Acquired> {
    checkName('lock', name);
    checkDurations(options);
    if (this.refuses(options)) return skipped('closed');
    const { clock, send } = this.deps;
    const { lockAtMostForMs, lockAtLeastForMs = 0, label } = options;
    this.names.add(name);
    this.number += 1;
    const run = this.number;
    const startedAt = clock.now();
    const result = await send({
      kind: 'acquire-lock',
      lock: name,
      run,
      lockAtMostForMs,
      lockAtLeastForMs,
    }).catch(() => undefined);
    if (!result) return this.withoutWorker();
    this.warned = false;
    if (!result.granted) return skipped(result.reason);
    if (this.refuses(options)) {
      this.end(run, true);
      return skipped('closed');
    }
    const granted = new LocalLockRun({
      clock,
      name,
      label,
      term: result.term,
      // Ends no later than in the worker, which counts from when it got the request.
      expiresAt: startedAt + lockAtMostForMs,
      sessionEndsAt: () => this.deps.session.until(),
      // The worker frees the lock by itself.
      onExpired: () => undefined,
      onEnd: () => {
        this.runs.delete(run);
        this.end(run);
      },
    });
    this.runs.set(run, granted);
    return { granted: true, run: granted };
  }

  shutdown(): void {
    this.closed = true;
    for (const run of this.runs.values()) run.lose('shutdown');
  }

  /** The worker has reported that a run has lost its lock. */
  lost(run: number, reason: LockLostReason): void {
    this.runs.get(run)?.lose(reason);
  }

  /** The worker has died: its session is not renewed any more. */
  allLost(): void {
    for (const run of this.runs.values()) run.lose('session-gone');
  }

  /** Tells a new worker which locks to observe. */
  async restore(send: SendElectionRequest): Promise<void> {
    await Promise.all([...this.names].map((lock) => send({ kind: 'observe-lock', lock })));
  }

  private refuses({ signal }: AcquireOptions): boolean {
    return this.closed || signal?.aborted === true;
  }

  private withoutWorker(): Acquired {
    if (!this.warned && !this.closed)
      this.deps.logger.warn(
        'Skipping locked runs until the heartbeat thread, which renews the locks, runs again.',
      );
    this.warned = true;
    return skipped('unreachable');
  }

  private end(run: number, unused = false): void {
    this.post(this.deps.send({ kind: 'end-lock', run, unused }));
  }

  private post(sending: Promise<unknown>): void {
    // Without a worker there is no lock either.
    void sending.catch(() => undefined);
  }
}

function skipped(reason: SkipReason): Acquired {
  return { granted: false, reason };
}
