import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { checkName } from '../common/names.js';
import { type Election } from './election.js';
import { type ElectionBackend } from './election-backend.js';
import { type ElectionClient, type ElectionStatus } from './election-client.js';
import { jobLabels } from './job-labels.js';
import { LocalElection } from './local-election.js';
import { type Locks } from './locks.js';
import { LoggedLocks } from './logged-locks.js';

/** Dependencies of a {@link LocalElectionClient}. */
export interface LocalElectionClientDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** URL of the registry, without secrets. */
  readonly url: string;
  readonly applicationId: string | undefined;
  readonly backend: ElectionBackend;
}

/** Milliseconds between two looks at the jobs of a shutdown. */
const RUNS_INTERVAL_MS = 20;

/** Takes part in elections and locks for the application, in its thread. */
export class LocalElectionClient implements ElectionClient {
  readonly locks: Locks;
  private readonly elections = new Map<string, LocalElection>();
  private paused = false;
  private closing: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly deps: LocalElectionClientDeps) {
    this.locks = new LoggedLocks(deps.backend.locks, deps.logger);
  }

  get ttl(): number {
    return this.deps.backend.ttl;
  }

  of(name: string): Election {
    checkName('election', name);
    const known = this.elections.get(name);
    if (known) return known;
    const election = new LocalElection(this.deps, name);
    this.elections.set(name, election);
    if (this.paused) void election.pause();
    if (this.stopped) election.shutdown();
    return election;
  }

  dump(): readonly ElectionStatus[] {
    return [...this.elections.values()].map(({ status }) => status);
  }

  async pause(): Promise<void> {
    this.paused = true;
    await Promise.all([...this.elections.values()].map((election) => election.pause()));
  }

  resume(): void {
    this.paused = false;
    for (const election of this.elections.values()) election.resume();
  }

  shutdown(): void {
    this.stopped = true;
    for (const election of this.elections.values()) election.shutdown();
    this.deps.backend.locks.shutdown();
  }

  async close(graceMs: number): Promise<void> {
    this.closing ??= this.finish(graceMs);
    await this.closing;
  }

  private async finish(graceMs: number): Promise<void> {
    this.shutdown();
    const elections = [...this.elections.values()];
    await Promise.all([this.locksEnded(graceMs), ...elections.map((election) => election.release(graceMs))]);
    await this.deps.backend.close();
    for (const election of elections) election.close();
  }

  /** Waits until no locked job runs, for at most `graceMs`. */
  private async locksEnded(graceMs: number): Promise<void> {
    const { clock, logger, backend } = this.deps;
    const until = clock.now() + graceMs;
    while (backend.locks.running.length > 0 && clock.now() < until) {
      await new Promise<void>((resolve) => {
        clock.after(Math.min(RUNS_INTERVAL_MS, until - clock.now()), resolve);
      });
    }
    const { running } = backend.locks;
    if (running.length > 0)
      logger.warn(
        `Locked jobs did not end within ${graceMs / 1_000} s of the shutdown: ${jobLabels(running)}. Their locks are left to expire. Let the jobs end when their signal aborts, or raise \`grace\`.`,
      );
  }
}
