import { type Clock, type Timer } from '../common/clock.js';

/** Milliseconds after which a WARN names what a registration waits for. */
export const OVERDUE_MS = 4_000;

/** Warns once when a registration takes too long, with the reason at that moment. */
export class OverdueWarning {
  private reason = '';
  private timer: Timer | undefined;
  private ended = false;

  constructor(
    private readonly clock: Clock,
    private readonly warn: (reason: string) => void,
  ) {}

  /** Sets the reason. The first call starts the timer. */
  waitingFor(reason: string): void {
    if (this.ended) return;
    this.reason = reason;
    this.timer ??= this.clock.after(OVERDUE_MS, () => {
      this.now();
    });
  }

  /** Warns at once, unless it has already warned or ended. */
  now(reason = this.reason): void {
    if (this.ended) return;
    this.end();
    this.warn(reason);
  }

  /** Cancels the warning: the registration is done. */
  end(): void {
    this.ended = true;
    this.timer?.cancel();
  }
}
