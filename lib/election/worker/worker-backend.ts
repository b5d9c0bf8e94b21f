import { attempt } from '../../common/async/deadline.js';
import { type Clock } from '../../common/clock.js';
import { ClosedError } from '../../common/errors/index.js';
import { type Logger } from '../../common/logger.js';
import { type Candidacy, type CandidacyListener } from '../candidacy.js';
import { type ElectionBackend } from '../election-backend.js';
import { type ElectionChannel, type SendElectionRequest } from './election-channel.js';
import { type ElectionReport } from './protocol.js';
import { processTimeOffset, SharedDeadline } from './shared-deadline.js';
import { WorkerCandidacy } from './worker-candidacy.js';
import { WorkerLocks } from './worker-locks.js';

/** Dependencies of a {@link WorkerBackend}. */
export interface WorkerBackendDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Seconds; the server may grant more. */
  readonly ttl: number;
  readonly channel: ElectionChannel;
  /**
   * Milliseconds from the clock of this thread to that of the process.
   *
   * @default measured
   */
  readonly offsetMs?: number;
}

/** Milliseconds for which the worker may release records and end its session: its last requests together, and more. */
const CLOSE_TIMEOUT_MS = 1_900;

/**
 * Elections and locks in the worker thread of `isolate`: leadership is kept while the event loop of this thread is blocked,
 * for at most `maxHang`.
 */
export class WorkerBackend implements ElectionBackend {
  readonly locks: WorkerLocks;
  private readonly candidacies = new Map<string, WorkerCandidacy>();
  private readonly alive: SharedDeadline;
  private readonly session: SharedDeadline;
  private readonly offsetMs: number;
  private readonly leave: () => Promise<void>;
  private readonly send: SendElectionRequest;
  private granted: number | undefined;

  constructor(private readonly deps: WorkerBackendDeps) {
    const { clock, logger, channel, offsetMs } = deps;
    this.offsetMs = offsetMs ?? processTimeOffset(clock);
    this.alive = new SharedDeadline(this.offsetMs);
    this.session = new SharedDeadline(this.offsetMs);
    this.send = (request) => channel.send(request);
    this.locks = new WorkerLocks({ clock, logger, session: this.session, send: this.send });
    this.leave = channel.use({
      onReport: (report) => {
        this.receive(report);
      },
      onEnded: () => {
        this.lost();
      },
      restore: (send) => this.restore(send),
    });
    void this.open(this.send).catch((error: unknown) => {
      if (!(error instanceof ClosedError))
        logger.error(`Elections do not run in the heartbeat thread: ${(error as Error).message}`);
    });
  }

  get ttl(): number {
    return this.granted ?? this.deps.ttl;
  }

  candidacy(name: string, listener: CandidacyListener): Candidacy {
    const { clock } = this.deps;
    const { offsetMs, alive, send } = this;
    const candidacy = new WorkerCandidacy({ clock, offsetMs, alive, send }, name, listener);
    this.candidacies.set(name, candidacy);
    return candidacy;
  }

  async close(): Promise<void> {
    const { clock, logger } = this.deps;
    const what = 'Ending elections in the heartbeat thread';
    await attempt({ clock, timeoutMs: CLOSE_TIMEOUT_MS, what }, () =>
      this.send({ kind: 'close-elections' }),
    ).catch((error: unknown) => {
      logger.warn((error as Error).message);
    });
    for (const candidacy of this.candidacies.values()) candidacy.end();
    await this.leave();
  }

  private async open(send: SendElectionRequest): Promise<void> {
    const { alive, session } = this;
    await send({
      kind: 'elections',
      ttl: this.deps.ttl,
      alive: alive.memory,
      session: session.memory,
    });
  }

  private receive(report: ElectionReport): void {
    switch (report.kind) {
      case 'candidacy':
        this.granted = report.ttl;
        this.candidacies.get(report.election)?.receive(report.applied, report.view);
        return;
      case 'term-went-back':
        this.candidacies.get(report.election)?.wentBack(report.term, report.highest);
        return;
      case 'lock-lost':
        this.locks.lost(report.run, report.reason);
    }
  }

  private lost(): void {
    this.alive.renew();
    this.session.renew();
    this.locks.allLost();
    for (const candidacy of this.candidacies.values()) candidacy.lost();
  }

  private async restore(send: SendElectionRequest): Promise<void> {
    const opening = this.open(send);
    const candidacies = [...this.candidacies.values()].map((candidacy) => candidacy.restore(send));
    await Promise.all([opening, ...candidacies, this.locks.restore(send)]);
  }
}
