import { type Clock, type Timer } from '../../../lib/common/clock.js';

/**
 * The clock of one simulated process on a shared virtual clock. It can run fast or slow, and the process can be paused:
 * then time passes and no timer fires, as with SIGSTOP.
 */
export class GatedClock implements Clock {
  private paused = false;
  private readonly waiting: (() => void)[] = [];

  /** @param rate milliseconds of this clock in one millisecond of the shared one */
  constructor(
    private readonly shared: Clock,
    private readonly rate = 1,
  ) {}

  get isPaused(): boolean {
    return this.paused;
  }

  now(): number {
    return this.shared.now() * this.rate;
  }

  wall(): number {
    return this.shared.wall();
  }

  after(delayMs: number, run: () => void): Timer {
    let cancelled = false;
    const timer = this.shared.after(delayMs / this.rate, () => {
      this.whenRunning(() => {
        if (!cancelled) run();
      });
    });
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  pause(): void {
    this.paused = true;
  }

  /** Runs what was held back, in its order. */
  resume(): void {
    this.paused = false;
    for (const run of this.waiting.splice(0)) run();
  }

  /** Calls `run` now, or when the process is resumed. */
  whenRunning(run: () => void): void {
    if (this.paused) this.waiting.push(run);
    else run();
  }

  /** Resolves now, or when the process is resumed. */
  async running(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.whenRunning(resolve);
    });
  }
}
