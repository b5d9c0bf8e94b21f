import { attempt } from '../common/async/deadline.js';
import { RegistryRefusedError } from '../common/errors/index.js';
import { checkName } from '../common/names.js';
import { type Registry } from '../registry/registry.js';
import { SessionRunner } from '../registration/session-runner.js';
import { type Election } from './election.js';
import { type ElectionClient, type ElectionDeps, type ElectionStatus } from './election-client.js';
import { jobLabels } from './job-labels.js';
import { LocalElection, type LocalElectionDeps } from './local-election.js';
import { LocalLocks } from './local-locks.js';
import { OutageLog } from './outage-log.js';

/** Timeout of each of the last requests, in milliseconds: with the release below two seconds. */
const END_TIMEOUT_MS = 600;
/** Milliseconds between two looks at the jobs of a shutdown. */
const RUNS_INTERVAL_MS = 20;

/**
 * Checks that a registry can carry elections and locks.
 *
 * @throws RegistryRefusedError for a registry that cannot be written, such as `fixed:` and `dns:`
 */
export function checkElections(registry: Registry): void {
  if (registry.discard) return;
  throw new RegistryRefusedError(
    `Elections and locks need a registry that can be written, got ${registry.url}: use etcd://, consul://, file: or memory:.`,
  );
}

/** Takes part in elections and locks in this thread. */
export class LocalElectionClient implements ElectionClient {
  readonly locks: LocalLocks;
  private readonly elections = new Map<string, LocalElection>();
  private readonly sessions: SessionRunner;
  private readonly electionDeps: LocalElectionDeps;
  private paused: readonly LocalElection[] = [];
  private closing: Promise<void> | undefined;
  private stopped = false;

  /** @throws RegistryRefusedError for a registry that cannot be written */
  constructor(private readonly deps: ElectionDeps) {
    const { registry, clock, random, logger, ttl, name, applicationId } = deps;
    checkElections(registry);
    this.sessions = new SessionRunner({ registry, clock, random, logger }, ttl, name);
    const outages = new OutageLog(logger, registry.url);
    const shared = { registry, clock, random, logger, holder: name, sessions: this.sessions, outages };
    this.electionDeps = { ...shared, applicationId };
    this.locks = new LocalLocks(shared, () => this.ttl * 1_000);
  }

  get ttl(): number {
    return this.sessions.usable?.ttl ?? this.deps.ttl;
  }

  of(name: string): Election {
    checkName('election', name);
    const known = this.elections.get(name);
    if (known) return known;
    const election = new LocalElection(this.electionDeps, name);
    this.elections.set(name, election);
    if (this.stopped) election.shutdown();
    return election;
  }

  dump(): readonly ElectionStatus[] {
    return [...this.elections.values()].map(({ status }) => status);
  }

  async pause(): Promise<void> {
    const campaigning = [...this.elections.values()].filter(({ campaigns }) => campaigns);
    this.paused = [...new Set([...this.paused, ...campaigning])];
    await Promise.all(campaigning.map((election) => election.resign()));
  }

  resume(): void {
    const { paused } = this;
    this.paused = [];
    for (const election of paused) election.campaign();
  }

  shutdown(): void {
    this.stopped = true;
    for (const election of this.elections.values()) election.shutdown();
    this.locks.shutdown();
  }

  async close(graceMs: number): Promise<void> {
    this.closing ??= this.finish(graceMs);
    await this.closing;
  }

  private async finish(graceMs: number): Promise<void> {
    this.shutdown();
    const elections = [...this.elections.values()];
    await Promise.all([this.locksEnded(graceMs), ...elections.map((election) => election.release(graceMs))]);
    await Promise.all([this.locks.close(), this.keepReleased(elections)]);
    await Promise.all(elections.map((election) => election.close()));
    await this.endSession();
  }

  /** Waits until no locked job runs, for at most `graceMs`. */
  private async locksEnded(graceMs: number): Promise<void> {
    const { clock, logger } = this.deps;
    const until = clock.now() + graceMs;
    while (this.locks.running.length > 0 && clock.now() < until) {
      await new Promise<void>((resolve) => {
        clock.after(Math.min(RUNS_INTERVAL_MS, until - clock.now()), resolve);
      });
    }
    const { running } = this.locks;
    if (running.length > 0)
      logger.warn(
        `Locked jobs did not end within ${graceMs / 1_000} s of the shutdown: ${jobLabels(running)}. Their locks are left to expire. Let the jobs end when their signal aborts, or raise \`grace\`.`,
      );
  }

  /**
   * Moves released records to a session that outlives this process: a watch that delivers complete listings could
   * otherwise miss the release, and see a record that was removed for an unknown reason.
   */
  private async keepReleased(elections: readonly LocalElection[]): Promise<void> {
    const { registry, clock, ttl, name } = this.deps;
    if (elections.every(({ releasedRecord }) => releasedRecord === undefined)) return;
    const what = 'Keeping a release';
    await attempt({ clock, timeoutMs: END_TIMEOUT_MS, what }, async (signal) => {
      const session = await registry.openSession({ ttl, name, detached: true }, signal);
      await Promise.all(
        elections.map(async ({ releasedRecord: kept }) => {
          if (kept) await session.write(kept.record, kept.version, signal);
        }),
      );
    }).catch(() => undefined);
  }

  private async endSession(): Promise<void> {
    const { clock, logger, registry } = this.deps;
    const what = `Ending the session of elections at ${registry.url}`;
    await attempt({ clock, timeoutMs: END_TIMEOUT_MS, what }, (signal) => this.sessions.end(signal)).catch(
      (error: unknown) => {
        logger.warn(`${what} failed; it expires with its TTL: ${(error as Error).message}`);
      },
    );
  }
}
