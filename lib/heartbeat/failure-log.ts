import { type Clock } from '../kernel/clock.js';
import { SidekickError } from '../kernel/errors/index.js';
import { type Logger } from '../kernel/logger.js';
import { WarnOnce } from '../kernel/warn-once.js';
import { type Slot, slotId, slotLabel } from '../registry/item.js';

interface Failing {
  attempts: number;
  /** What the warnings of this slot are known by. */
  readonly subjects: Set<string>;
}

/**
 * Logs the failed requests of any number of entries: one warning for each entry and kind of error, and with the next
 * success how many attempts had failed.
 */
export class FailureLog {
  private readonly failing = new Map<string, Failing>();
  private readonly warnings: WarnOnce;

  constructor(
    clock: Clock,
    private readonly logger: Logger,
  ) {
    this.warnings = new WarnOnce(
      clock,
      logger,
      (labels) => `Keeping ${labels.length} more entries failed and is retried: ${labels.join(', ')}.`,
    );
  }

  failed(slot: Slot, error: Error): void {
    const id = slotId(slot);
    const failing = this.failing.get(id) ?? { attempts: 0, subjects: new Set<string>() };
    this.failing.set(id, failing);
    failing.attempts += 1;
    const subject = `${error instanceof SidekickError ? error.code : error.name} ${id}`;
    failing.subjects.add(subject);
    this.warnings.warn(subject, {
      message: () =>
        `Keeping the ${slotLabel(slot)} failed and is retried (logged once until it succeeds): ${error.message}`,
      label: () => slotLabel(slot),
    });
  }

  succeeded(slot: Slot): void {
    const failing = this.end(slot);
    if (!failing) return;
    const { attempts } = failing;
    this.logger.log(
      `Keeping the ${slotLabel(slot)} succeeded after ${attempts} failed ${attempts === 1 ? 'attempt' : 'attempts'}.`,
    );
  }

  /** The entry is no longer kept. */
  forget(slot: Slot): void {
    this.end(slot);
  }

  /** Ends its timer, and names what still waits to be logged. */
  close(): void {
    this.warnings.close();
  }

  private end(slot: Slot): Failing | undefined {
    const id = slotId(slot);
    const failing = this.failing.get(id);
    this.failing.delete(id);
    for (const subject of failing?.subjects ?? []) this.warnings.forget(subject);
    return failing;
  }
}
