import { type Clock, type Timer } from '../common/clock.js';

/** Milliseconds within which somebody who has just tried in vain is expected to try again. */
const SHARED_RETRY_MS = 6_000;

/** Milliseconds after which what others find is no longer taken for one's own try. */
const MAX_WAIT_MS = 30_000;

/**
 * What all who use one client know of its cluster being out of reach. While it is, they try for one another: whoever
 * only waits for its return leaves the tries to those who make some anyway, and goes on with the first answer that
 * anybody gets. So a client without a cluster costs about one connection a pause, however much it does, and comes back
 * as one.
 */
export class Connectivity {
  private unreachable = false;
  private failedAt = -Infinity;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** Somebody has tried every endpoint in vain. */
  reportFailure(): void {
    this.unreachable = true;
    this.failedAt = this.clock.now();
  }

  /** Somebody had an answer. */
  reportAnswer(): void {
    if (!this.unreachable) return;
    this.unreachable = false;
    for (const go of [...this.waiting]) go();
  }

  /** Calls `run` once: after `delay` milliseconds in which nobody else has tried, or when somebody had an answer. */
  scheduleRetry(delay: number, run: () => void): Timer {
    const { clock } = this;
    const asked = clock.now();
    const latest = asked + Math.max(delay, MAX_WAIT_MS);
    let timer: Timer;
    const cancel = (): void => {
      timer.cancel();
      this.waiting.delete(go);
    };
    const go = (): void => {
      cancel();
      run();
    };
    const wait = (until: number): void => {
      timer = clock.after(until - clock.now(), () => {
        const next = this.failedAt > asked ? Math.min(this.failedAt + SHARED_RETRY_MS, latest) : 0;
        if (next > clock.now()) wait(next);
        else go();
      });
    };
    wait(asked + delay);
    this.waiting.add(go);
    return { cancel };
  }
}
