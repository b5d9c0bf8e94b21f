import { type Clock, type Timer } from '../common/clock.js';

/** Checked by a {@link Sweeps}. */
export interface Checked {
  check(): void;
}

interface Sweep {
  readonly members: Set<Checked>;
  timer: Timer;
}

class Membership implements Timer {
  constructor(
    private readonly member: Checked,
    private readonly sweep: Sweep,
    private readonly onLast: () => void,
  ) {}

  cancel(): void {
    const { members, timer } = this.sweep;
    if (!members.delete(this.member) || members.size > 0) return;
    timer.cancel();
    this.onLast();
  }
}

/**
 * The periodic checks of all registrations. Those with the same interval share one timer, so that the number of timers does
 * not grow with the number of entries.
 */
export class Sweeps {
  private readonly sweeps = new Map<number, Sweep>();

  constructor(private readonly clock: Clock) {}

  /** Checks `member` every `intervalMs` milliseconds until the returned timer is cancelled. A member joins once. */
  join(intervalMs: number, member: Checked): Timer {
    const sweep = this.sweeps.get(intervalMs) ?? this.begin(intervalMs);
    sweep.members.add(member);
    return new Membership(member, sweep, () => this.sweeps.delete(intervalMs));
  }

  private begin(intervalMs: number): Sweep {
    const schedule = (): Timer =>
      this.clock.after(intervalMs, () => {
        sweep.timer = schedule();
        for (const member of sweep.members) member.check();
      });
    const sweep: Sweep = { members: new Set(), timer: schedule() };
    this.sweeps.set(intervalMs, sweep);
    return sweep;
  }
}
