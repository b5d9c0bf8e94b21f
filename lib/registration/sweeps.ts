import { type Clock, type Timer } from '../common/clock.js';

interface Sweep {
  readonly checks: Set<() => void>;
  timer: Timer;
}

/**
 * The periodic checks of all registrations. Those with the same interval share one timer, so that the number of timers does
 * not grow with the number of entries.
 */
export class Sweeps {
  private readonly sweeps = new Map<number, Sweep>();

  constructor(private readonly clock: Clock) {}

  /** Calls `check` every `intervalMs` milliseconds until the returned timer is cancelled. */
  join(intervalMs: number, check: () => void): Timer {
    // A set counts equal functions once.
    const own = (): void => check();
    const sweep = this.sweeps.get(intervalMs) ?? this.begin(intervalMs);
    sweep.checks.add(own);
    return {
      cancel: () => {
        if (!sweep.checks.delete(own) || sweep.checks.size > 0) return;
        sweep.timer.cancel();
        this.sweeps.delete(intervalMs);
      },
    };
  }

  private begin(intervalMs: number): Sweep {
    const schedule = (): Timer =>
      this.clock.after(intervalMs, () => {
        sweep.timer = schedule();
        for (const check of sweep.checks) check();
      });
    const sweep: Sweep = { checks: new Set(), timer: schedule() };
    this.sweeps.set(intervalMs, sweep);
    return sweep;
  }
}
