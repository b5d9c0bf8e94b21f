import { Backoff, type BackoffOptions } from '../common/async/backoff.js';
import { type Clock, type Timer } from '../common/clock.js';
import { DeadlineExceededError, RegistryUnavailableError } from '../common/errors/index.js';
import { Semaphore } from '../common/async/semaphore.js';
import { type Random } from '../common/random.js';
import { type Registry } from './registry.js';

export interface ReconnectDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** Whatever was read is fresh again within 5 s of the registry's return. */
const BACKOFF: BackoffOptions = Object.freeze({ baseMs: 100, capMs: 4_000 });

/** Milliseconds a turn lasts when nothing is heard of what came of it. */
const PROBE_TIMEOUT_MS = 5_000;

/** Milliseconds by which a try that was announced may be late. */
const LATE_ATTEMPT_MARGIN_MS = 500;

/** Milliseconds without a turn after which nobody's failures put it off any further. */
const MAX_PROBE_DELAY_MS = 10_000;

/** Lists that all readers together ask for at a time. */
const MAX_CONCURRENT_LISTS = 64;

/**
 * What all who read from one registry know of its being away. As long as it is, one of them tries at a time, after a
 * common backoff, and the first answer that anybody gets lets all of them go on: the number of tries does not grow
 * with the number of scopes that are followed, and a registry that returns is not met by a herd.
 */
export class ReconnectCoordinator {
  /** What every list goes through: those of very many readers come one after the other, each in its own time. */
  readonly listSemaphore = new Semaphore(MAX_CONCURRENT_LISTS);
  private readonly backoff: Backoff;
  private readonly waiting = new Set<() => void>();
  private timer: Timer | undefined;
  /** Whether somebody has a turn and has not said what came of it. */
  private probing = false;
  private backoffMs = 0;
  private nextProbeAt = 0;
  private latestProbeAt = 0;
  /** When the last turn began. */
  private probeStartedAt = -Infinity;
  /** When somebody without a turn will have tried again. */
  private announcedAttemptBy = -Infinity;
  /** Set for as long as it lasts. */
  private error: Error | undefined;

  constructor(private readonly deps: ReconnectDeps) {
    this.backoff = new Backoff(BACKOFF, deps.random);
  }

  /** Why the registry could not be reached the last time somebody tried; undefined while all is well. */
  get lastError(): Error | undefined {
    return this.error;
  }

  /** Resolves at once while all is well, else when it is the caller's turn, the outage is over, or `signal` aborts. */
  async waitForProbe(signal: AbortSignal): Promise<void> {
    if (!this.error || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.waiting.delete(go);
        signal.removeEventListener('abort', go);
        resolve();
        if (this.waiting.size === 0) this.timer?.cancel();
      };
      signal.addEventListener('abort', go, { once: true });
      this.waiting.add(go);
      this.schedule();
    });
  }

  /**
   * Somebody who needs no turn begins to try: whoever has waited long enough for one goes along, for it costs no
   * connection of its own.
   */
  attemptStarted(): void {
    if (!this.error || this.probing || this.waiting.size === 0) return;
    if (this.deps.clock.now() >= this.probeStartedAt + this.backoffMs / 2) this.startProbe();
  }

  /**
   * Somebody, in turn or not, could not reach the registry.
   *
   * @param again milliseconds until that somebody is {@link ReconnectCoordinator.attemptStarted} again; turns wait for that
   */
  attemptFailed(error: Error, again?: number): void {
    const now = this.deps.clock.now();
    if (!this.error || this.probing) {
      this.backoffMs = this.backoff.next();
      this.latestProbeAt = now + MAX_PROBE_DELAY_MS;
    }
    this.error = error;
    this.probing = false;
    if (again !== undefined) this.announcedAttemptBy = now + again + LATE_ATTEMPT_MARGIN_MS;
    this.nextProbeAt = Math.min(Math.max(now + this.backoffMs, this.announcedAttemptBy), this.latestProbeAt);
    this.schedule();
  }

  /** Somebody, in turn or not, had an answer. */
  attemptSucceeded(): void {
    this.probing = false;
    this.announcedAttemptBy = -Infinity;
    this.error = undefined;
    this.backoff.reset();
    for (const go of [...this.waiting]) go();
  }

  private schedule(): void {
    this.timer?.cancel();
    if (this.waiting.size === 0) return;
    this.timer = this.deps.clock.after(this.nextProbeAt - this.deps.clock.now(), () => {
      this.startProbe();
    });
  }

  private startProbe(): void {
    this.probing = true;
    this.probeStartedAt = this.deps.clock.now();
    this.nextProbeAt = this.probeStartedAt + PROBE_TIMEOUT_MS;
    const [first] = this.waiting;
    first?.();
    this.schedule();
  }
}

const coordinators = new WeakMap<Registry, ReconnectCoordinator>();

/** The one of a connection, whoever asks; the first one's `deps` are used. */
export function reconnectCoordinatorOf(registry: Registry, deps: ReconnectDeps): ReconnectCoordinator {
  const known = coordinators.get(registry);
  if (known) return known;
  const outage = new ReconnectCoordinator(deps);
  coordinators.set(registry, outage);
  return outage;
}

/** Whether an error says that the registry could not be reached, rather than what it answered. */
export function isUnreachable(error: unknown): error is RegistryUnavailableError | DeadlineExceededError {
  return error instanceof RegistryUnavailableError || error instanceof DeadlineExceededError;
}
