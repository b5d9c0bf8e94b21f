import { type Clock, type Timer } from '../common/clock.js';
import { SidekickError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { WarnOnce } from '../common/warn-once.js';
import { type EntryKey, entryKeyId, entryKeyLabel } from '../registry/entry-record.js';
import { type RegistrationMachineState } from './registration-machine.js';

interface FailingEntry {
  attempts: number;
  /** What the requests are for. */
  readonly goal: 'Registering' | 'Deregistering';
  /** Subjects of this entry's warnings in {@link WarnOnce}. */
  readonly subjects: Set<string>;
  /** Until the first failure of a registration is logged. */
  first?: Timer;
}

/**
 * Logs failed requests of entries: one warning per entry and kind of error, and with the next success the number of
 * failed attempts.
 */
export class FailureLog {
  private readonly failing = new Map<string, FailingEntry>();
  private readonly warnings: WarnOnce;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.warnings = new WarnOnce(
      clock,
      logger,
      (labels) =>
        `Registering or deregistering ${labels.length} more entries failed; retrying: ${labels.join(', ')}.`,
    );
  }

  failed(entryKey: EntryKey, error: Error, { wanted }: Pick<RegistrationMachineState, 'wanted'>): void {
    const id = entryKeyId(entryKey);
    const goal = wanted ? 'Registering' : 'Deregistering';
    const failing = this.failing.get(id) ?? { attempts: 0, goal, subjects: new Set<string>() };
    this.failing.set(id, failing);
    failing.attempts += 1;
    const subject = `${error instanceof SidekickError ? error.code : error.name} ${id}`;
    failing.subjects.add(subject);
    const warn = (): void => {
      this.warnings.warn(subject, {
        message: () =>
          `${goal} the ${entryKeyLabel(entryKey)} failed; retrying (logged once until it succeeds): ${error.message}`,
        label: () => entryKeyLabel(entryKey),
      });
    };
    // With `failFast` the caller ends the registration at once, and nothing is retried.
    if (wanted && failing.attempts === 1) failing.first = this.clock.after(0, warn);
    else warn();
  }

  succeeded(entryKey: EntryKey): void {
    const failing = this.end(entryKey);
    if (!failing) return;
    const { attempts, goal } = failing;
    this.logger.log(
      `${goal} the ${entryKeyLabel(entryKey)} succeeded after ${attempts} failed ${attempts === 1 ? 'attempt' : 'attempts'}.`,
    );
  }

  /** Drops the failures of an entry: from now on its requests are for something else. */
  forget(entryKey: EntryKey): void {
    this.end(entryKey);
  }

  /** Cancels the timer and logs what is still pending. */
  close(): void {
    for (const { first } of this.failing.values()) first?.cancel();
    this.warnings.close();
  }

  private end(entryKey: EntryKey): FailingEntry | undefined {
    const id = entryKeyId(entryKey);
    const failing = this.failing.get(id);
    this.failing.delete(id);
    failing?.first?.cancel();
    for (const subject of failing?.subjects ?? []) this.warnings.forget(subject);
    return failing;
  }
}
