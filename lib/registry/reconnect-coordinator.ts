import { onAbort } from '../common/async/abort.js';
import { Backoff, type BackoffOptions } from '../common/async/backoff.js';
import { Semaphore } from '../common/async/semaphore.js';
import { type Clock, type Timer } from '../common/clock.js';
import { DeadlineExceededError, RegistryUnavailableError } from '../common/errors/index.js';
import { type Random } from '../common/random.js';
import { type Registry } from './registry.js';

/** What a {@link ReconnectCoordinator} needs. */
export interface ReconnectDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** The cap keeps the time from the return of the registry to fresh content below 5 s. */
const BACKOFF: BackoffOptions = Object.freeze({ baseMs: 100, capMs: 4_000 });

/** How long a probe may go without a result before the next reader probes. */
const PROBE_TIMEOUT_MS = 5_000;

/** How late an announced attempt may start before a reader probes in its place. */
const LATE_ATTEMPT_MARGIN_MS = 500;

/** The longest time for which the failures of other attempts can delay a probe. */
const MAX_PROBE_DELAY_MS = 10_000;

/** Limits the list requests of all readers of a connection. */
const MAX_CONCURRENT_LISTS = 64;

/**
 * Coordinates the reconnection of all readers of one registry connection, so that only one of them probes the registry at
 * a time, with a shared backoff. The first success of any reader releases all of them. The number of attempts therefore
 * does not grow with the number of watched scopes, and a registry that restarts meets no thundering herd.
 */
export class ReconnectCoordinator {
  /** Limits concurrent list requests, so that thousands of readers do not list at the same moment. */
  readonly listSemaphore = new Semaphore(MAX_CONCURRENT_LISTS);
  private readonly backoff: Backoff;
  private readonly waiting = new Set<() => void>();
  private timer: Timer | undefined;
  /** Whether a probe was started and has not yet reported its result. */
  private probing = false;
  private backoffMs = 0;
  private nextProbeAt = 0;
  private latestProbeAt = 0;
  private probeStartedAt = -Infinity;
  /** When an announced attempt of a caller that does not wait for a probe should have failed or succeeded. */
  private announcedAttemptBy = -Infinity;
  /** Set while the registry is unreachable. */
  private error: Error | undefined;

  constructor(private readonly deps: ReconnectDeps) {
    this.backoff = new Backoff(BACKOFF, deps.random);
  }

  /** The error of the last attempt of any caller. Undefined while the registry is reachable. */
  get lastError(): Error | undefined {
    return this.error;
  }

  /**
   * Resolves when the caller may contact the registry: immediately while it is reachable, otherwise when it is the
   * caller's turn to probe or another attempt has succeeded. Also resolves when `signal` is aborted.
   */
  async waitForProbe(signal: AbortSignal): Promise<void> {
    if (!this.error || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const release = (): void => {
        this.waiting.delete(release);
        removeListener();
        resolve();
        if (this.waiting.size === 0) this.timer?.cancel();
      };
      const removeListener = onAbort(signal, release);
      this.waiting.add(release);
      this.schedule();
    });
  }

  /**
   * Reports that a caller starts an attempt without waiting for a probe, such as the renewal of a session. If a reader has
   * waited for at least half the backoff, it probes now: it shares the connection of that attempt.
   */
  attemptStarted(): void {
    if (!this.error || this.probing || this.waiting.size === 0) return;
    if (this.deps.clock.now() >= this.probeStartedAt + this.backoffMs / 2) this.startProbe();
  }

  /**
   * Reports that an attempt, a probe or any other, could not reach the registry.
   *
   * @param retryInMs milliseconds until the caller's next {@link ReconnectCoordinator.attemptStarted}; probes wait for it
   */
  attemptFailed(error: Error, retryInMs?: number): void {
    const now = this.deps.clock.now();
    if (!this.error || this.probing) {
      this.backoffMs = this.backoff.next();
      this.latestProbeAt = now + MAX_PROBE_DELAY_MS;
    }
    this.error = error;
    this.probing = false;
    if (retryInMs !== undefined) this.announcedAttemptBy = now + retryInMs + LATE_ATTEMPT_MARGIN_MS;
    this.nextProbeAt = Math.min(Math.max(now + this.backoffMs, this.announcedAttemptBy), this.latestProbeAt);
    this.schedule();
  }

  /** Reports that an attempt, a probe or any other, has reached the registry. Releases all readers. */
  attemptSucceeded(): void {
    this.probing = false;
    this.announcedAttemptBy = -Infinity;
    this.error = undefined;
    this.backoff.reset();
    for (const release of [...this.waiting]) release();
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

/** Returns the coordinator that all readers of `registry` share. `deps` are used only when it is created. */
export function reconnectCoordinatorOf(registry: Registry, deps: ReconnectDeps): ReconnectCoordinator {
  const known = coordinators.get(registry);
  if (known) return known;
  const coordinator = new ReconnectCoordinator(deps);
  coordinators.set(registry, coordinator);
  return coordinator;
}

/** Whether an error means that the registry could not be reached, in contrast to an error response. */
export function isUnreachable(error: unknown): error is RegistryUnavailableError | DeadlineExceededError {
  return error instanceof RegistryUnavailableError || error instanceof DeadlineExceededError;
}
