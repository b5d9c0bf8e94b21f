import { type Timer } from '../common/clock.js';
import { type Session } from '../registry/registry.js';
import { type RegistrationMachineState } from './registration-machine.js';
import { watchesEntries } from './session-watch.js';
import { type Checked, type Sweeps } from './sweeps.js';

/** Whether the watch of `session` covers the entry of a registration. */
export function isWatchedBySession(
  { phase }: Pick<RegistrationMachineState, 'phase'>,
  session: Session | undefined,
): boolean {
  return phase === 'registered' && watchesEntries(session);
}

/** The periodic checks of one entry. An entry that needs none costs nothing: a process may have thousands. */
export class EntryChecks {
  private intervalMs: number | undefined;
  private needed = false;
  private timer: Timer | undefined;

  constructor(
    private readonly sweeps: Sweeps,
    private readonly entry: Checked,
  ) {}

  /** Checks the entry every `intervalMs` milliseconds, starting now, while it needs checks. */
  start(intervalMs: number): void {
    this.intervalMs = intervalMs;
    this.apply();
  }

  stop(): void {
    this.intervalMs = undefined;
    this.apply();
  }

  /** Sets whether the entry needs checks: it was refused, or no session watches it. */
  update(machine: Pick<RegistrationMachineState, 'phase' | 'refused'>, session: Session | undefined): void {
    const needed = machine.refused || (machine.phase !== 'starting' && !isWatchedBySession(machine, session));
    if (needed === this.needed) return;
    this.needed = needed;
    this.apply();
  }

  private apply(): void {
    this.timer?.cancel();
    const { intervalMs } = this;
    this.timer =
      this.needed && intervalMs !== undefined ? this.sweeps.join(intervalMs, this.entry) : undefined;
  }
}
