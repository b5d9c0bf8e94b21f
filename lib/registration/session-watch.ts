import { Backoff } from '../common/async/backoff.js';
import { pause } from '../common/async/deadline.js';
import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { isUnreachable, sharedConnectionOf } from '../registry/shared-connection.js';
import { type EntryChange, type Registry, type Session } from '../registry/registry.js';

/** A session that watches all its entries at once. */
export type WatchingSession = Session & Required<Pick<Session, 'watch'>>;

/** Whether a session has one watch for all its entries. */
export function watchesEntries(session: Session | undefined): session is WatchingSession {
  return session?.watch !== undefined;
}

/** Dependencies of a {@link SessionWatch}. */
export interface SessionWatchDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Runs the watch of one session until it is stopped, and restarts it after failures without limit. */
export class SessionWatch {
  private readonly lifetime = new AbortController();
  private warned = false;

  /** @param onChange called with each change of an entry of the session */
  constructor(
    private readonly deps: SessionWatchDeps,
    readonly session: WatchingSession,
    private readonly onChange: (change: EntryChange) => void,
  ) {
    void this.run();
  }

  stop(): void {
    this.lifetime.abort();
  }

  private async run(): Promise<void> {
    const { clock, random, registry } = this.deps;
    const { signal } = this.lifetime;
    const { reconnect } = sharedConnectionOf(registry, this.deps);
    const backoff = new Backoff(undefined, random);
    while (!signal.aborted) {
      try {
        for await (const changes of this.session.watch(signal)) {
          backoff.reset();
          this.recovered();
          for (const change of changes) this.onChange(change);
        }
        // The session has ended.
        return;
      } catch (error) {
        if (isAborted(signal)) return;
        if (isUnreachable(error)) reconnect.attemptFailed({ error });
        this.failed(error as Error);
      }
      await pause(clock, backoff.next(), signal).catch(() => undefined);
      await reconnect.waitForProbe(signal);
    }
  }

  private failed({ message }: Error): void {
    if (this.warned) return;
    this.warned = true;
    const { logger, registry } = this.deps;
    logger.warn(
      `Lost the watch on the entries of this process in ${registry.url}; checking them with each renewal and retrying (logged once until it succeeds): ${message}`,
    );
  }

  private recovered(): void {
    if (!this.warned) return;
    this.warned = false;
    const { logger, registry } = this.deps;
    logger.log(`Restored the watch on the entries of this process in ${registry.url}.`);
  }
}

/** Reads the signal's state again, where TypeScript assumes that it has not changed. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
