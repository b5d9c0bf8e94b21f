import { type Clock, type Timer } from '../common/clock.js';

/** Milliseconds a registration may take before a WARN names what it waits for. */
export const OVERDUE_MS = 4_000;

/** Warns once about something that takes too long, with what it waits for by then. */
export class OverdueWarning {
  private reason = '';
  private timer: Timer | undefined;
  private ended = false;

  constructor(
    private readonly clock: Clock,
    private readonly warn: (reason: string) => void,
  ) {}

  /** What is waited for from now on. The first call starts the time. */
  waitingFor(reason: string): void {
    if (this.ended) return;
    this.reason = reason;
    this.timer ??= this.clock.after(OVERDUE_MS, () => {
      this.now();
    });
  }

  /** Warns at once, unless it has warned or ended before. */
  now(reason = this.reason): void {
    if (this.ended) return;
    this.end();
    this.warn(reason);
  }

  /** Nothing is waited for any longer. */
  end(): void {
    this.ended = true;
    this.timer?.cancel();
  }
}
