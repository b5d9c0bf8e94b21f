import { type Clock, type Timer } from '../clock.js';
import { type Random } from '../random.js';
import { onAbort } from './abort.js';
import { Backoff, type BackoffOptions } from './backoff.js';

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

/** How a failed attempt ended. */
export interface FailedAttempt {
  /** The error, for {@link ReconnectCoordinator.lastError}. Without one, the error before it stays. */
  readonly error?: Error;
  /** Milliseconds until the caller's next {@link ReconnectCoordinator.attemptStarted}. Probes wait for it. */
  readonly retryInMs?: number;
}

/**
 * Coordinates the reconnection of all readers and streams of one connection to a registry, so that only one of them probes
 * the registry at a time, with a shared backoff. The first success of any of them releases all. The number of attempts
 * therefore does not grow with the number of watched scopes, and a registry that restarts meets no thundering herd.
 */
export class ReconnectCoordinator {
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
  private away = false;
  private error: Error | undefined;
  private returnedAt = -Infinity;

  constructor(private readonly deps: ReconnectDeps) {
    this.backoff = new Backoff(BACKOFF, deps.random);
  }

  /** Whether the last attempt of any caller failed. */
  get unreachable(): boolean {
    return this.away;
  }

  /** The error of the last attempt of any caller that reported one. Undefined while the registry is reachable. */
  get lastError(): Error | undefined {
    return this.error;
  }

  /** Milliseconds for which the registry has been reachable: 0 while it is away, `Infinity` if it never was. */
  get reachableForMs(): number {
    return this.away ? 0 : this.deps.clock.now() - this.returnedAt;
  }

  /**
   * Resolves when the caller may contact the registry: immediately while it is reachable, otherwise when it is the
   * caller's turn to probe or another attempt has succeeded. Also resolves when `signal` is aborted.
   */
  async waitForProbe(signal: AbortSignal): Promise<void> {
    if (!this.away || signal.aborted) return;
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
    if (!this.away || this.probing || this.waiting.size === 0) return;
    if (this.deps.clock.now() >= this.probeStartedAt + this.backoffMs / 2) this.startProbe();
  }

  /** Reports that an attempt, a probe or any other, could not reach the registry. */
  attemptFailed({ error, retryInMs }: FailedAttempt = {}): void {
    const now = this.deps.clock.now();
    if (!this.away || this.probing) {
      this.backoffMs = this.backoff.next();
      this.latestProbeAt = now + MAX_PROBE_DELAY_MS;
    }
    this.away = true;
    this.error = error ?? this.error;
    this.probing = false;
    if (retryInMs !== undefined) this.announcedAttemptBy = now + retryInMs + LATE_ATTEMPT_MARGIN_MS;
    this.nextProbeAt = Math.min(Math.max(now + this.backoffMs, this.announcedAttemptBy), this.latestProbeAt);
    this.schedule();
  }

  /** Reports that an attempt, a probe or any other, has reached the registry. Releases all readers. */
  attemptSucceeded(): void {
    if (!this.away) return;
    this.away = false;
    this.returnedAt = this.deps.clock.now();
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
