import { attempt } from '../common/async/deadline.js';
import { RegistryRefusedError } from '../common/errors/index.js';
import { type Registry } from '../registry/registry.js';
import { SessionRunner } from '../registration/session-runner.js';
import { type CandidacyListener } from './candidacy.js';
import { type ElectionBackend } from './election-backend.js';
import { type ElectionDeps } from './election-client.js';
import { ElectionRunner, type ElectionRunnerDeps, type RunnerListener } from './election-runner.js';
import { LocalLocks } from './local-locks.js';
import { OutageLog } from './outage-log.js';

/** Timeout of each of the last requests, in milliseconds: with the release below two seconds. */
const END_TIMEOUT_MS = 600;

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

/** Dependencies of a {@link LocalBackend}. */
export type LocalBackendDeps = Omit<ElectionDeps, 'applicationId'>;

/** Runs elections and locks in this thread, with one session for all of them. */
export class LocalBackend implements ElectionBackend {
  readonly locks: LocalLocks;
  readonly sessions: SessionRunner;
  private readonly runners: ElectionRunner[] = [];
  private readonly runnerDeps: ElectionRunnerDeps;

  /** @throws RegistryRefusedError for a registry that cannot be written */
  constructor(private readonly deps: LocalBackendDeps) {
    const { registry, clock, random, logger, ttl, name } = deps;
    checkElections(registry);
    this.sessions = new SessionRunner({ registry, clock, random, logger }, ttl, name);
    const outages = new OutageLog(logger, registry.url);
    this.runnerDeps = { registry, clock, random, logger, holder: name, sessions: this.sessions, outages };
    this.locks = new LocalLocks(this.runnerDeps, () => this.ttl * 1_000);
  }

  get ttl(): number {
    return this.sessions.usable?.ttl ?? this.deps.ttl;
  }

  candidacy(name: string, listener: CandidacyListener): ElectionRunner {
    return this.runner(name, { onSignal: listener });
  }

  /** As {@link LocalBackend.candidacy}, for a caller that needs the state too. */
  runner(name: string, listener: RunnerListener): ElectionRunner {
    const runner = new ElectionRunner(this.runnerDeps, name, listener);
    this.runners.push(runner);
    return runner;
  }

  async close(): Promise<void> {
    await Promise.all([this.locks.close(), this.keepReleased()]);
    await Promise.all(this.runners.map((runner) => runner.end()));
    await this.endSession();
  }

  /**
   * Moves released records to a session that outlives this process: a watch that delivers complete listings could
   * otherwise miss the release, and see a record that was removed for an unknown reason.
   */
  private async keepReleased(): Promise<void> {
    const { registry, clock, ttl, name } = this.deps;
    const kept = this.runners.flatMap((runner) => runner.releasedRecord() ?? []);
    if (kept.length === 0) return;
    const what = 'Keeping a release';
    await attempt({ clock, timeoutMs: END_TIMEOUT_MS, what }, async (signal) => {
      const session = await registry.openSession({ ttl, name, detached: true }, signal);
      await Promise.all(kept.map(({ record, version }) => session.write(record, version, signal)));
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
