import { type Clock, type Timer } from '../common/clock.js';

/** After a failed attempt, the same user of the client is expected to try again within this time. */
const SHARED_RETRY_MS = 6_000;

/** The longest time for which the attempts of others postpone a retry. */
const MAX_WAIT_MS = 30_000;

/**
 * Coordinates reconnection for all users of one client, so that only one of them probes an unreachable cluster. A user
 * that merely waits for the cluster postpones its retry while others try, and runs it as soon as one of them gets an
 * answer. A client without its cluster therefore makes about one connection per pause, and reconnects with a single
 * connection.
 */
export class Connectivity {
  private unreachable = false;
  private failedAt = -Infinity;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** Reports that every endpoint has failed. */
  reportFailure(): void {
    this.unreachable = true;
    this.failedAt = this.clock.now();
  }

  /** Reports an answer of the cluster: all scheduled retries run now. */
  reportAnswer(): void {
    if (!this.unreachable) return;
    this.unreachable = false;
    for (const run of [...this.waiting]) run();
  }

  /** Calls `run` once: after `delayMs` without an attempt by others, or at the next answer of the cluster. */
  scheduleRetry(delayMs: number, run: () => void): Timer {
    const { clock } = this;
    const scheduledAt = clock.now();
    const latest = scheduledAt + Math.max(delayMs, MAX_WAIT_MS);
    let timer: Timer;
    const cancel = (): void => {
      timer.cancel();
      this.waiting.delete(runOnce);
    };
    const runOnce = (): void => {
      cancel();
      run();
    };
    const waitUntil = (due: number): void => {
      timer = clock.after(due - clock.now(), () => {
        const next = this.failedAt > scheduledAt ? Math.min(this.failedAt + SHARED_RETRY_MS, latest) : 0;
        if (next > clock.now()) waitUntil(next);
        else runOnce();
      });
    };
    waitUntil(scheduledAt + delayMs);
    this.waiting.add(runOnce);
    return { cancel };
  }
}
