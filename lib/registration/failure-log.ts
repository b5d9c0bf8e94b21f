import { type Clock } from '../common/clock.js';
import { SidekickError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { WarnOnce } from '../common/warn-once.js';
import { type EntryKey, entryKeyId, entryKeyLabel } from '../registry/entry-record.js';

interface FailingEntry {
  attempts: number;
  /** What the warnings of this entry key are known by. */
  readonly subjects: Set<string>;
}

/**
 * Logs the failed requests of any number of entries: one warning for each entry and kind of error, and with the next
 * success how many attempts had failed.
 */
export class FailureLog {
  private readonly failing = new Map<string, FailingEntry>();
  private readonly warnings: WarnOnce;

  constructor(
    clock: Clock,
    private readonly logger: Logger,
  ) {
    this.warnings = new WarnOnce(
      clock,
      logger,
      (labels) => `Registrar ${labels.length} more entries failed and is retried: ${labels.join(', ')}.`,
    );
  }

  failed(entryKey: EntryKey, error: Error): void {
    const id = entryKeyId(entryKey);
    const failing = this.failing.get(id) ?? { attempts: 0, subjects: new Set<string>() };
    this.failing.set(id, failing);
    failing.attempts += 1;
    const subject = `${error instanceof SidekickError ? error.code : error.name} ${id}`;
    failing.subjects.add(subject);
    this.warnings.warn(subject, {
      message: () =>
        `Registrar the ${entryKeyLabel(entryKey)} failed and is retried (logged once until it succeeds): ${error.message}`,
      label: () => entryKeyLabel(entryKey),
    });
  }

  succeeded(entryKey: EntryKey): void {
    const failing = this.end(entryKey);
    if (!failing) return;
    const { attempts } = failing;
    this.logger.log(
      `Registrar the ${entryKeyLabel(entryKey)} succeeded after ${attempts} failed ${attempts === 1 ? 'attempt' : 'attempts'}.`,
    );
  }

  /** The entry is no longer kept. */
  forget(entryKey: EntryKey): void {
    this.end(entryKey);
  }

  /** Ends its timer, and names what still waits to be logged. */
  close(): void {
    this.warnings.close();
  }

  private end(entryKey: EntryKey): FailingEntry | undefined {
    const id = entryKeyId(entryKey);
    const failing = this.failing.get(id);
    this.failing.delete(id);
    for (const subject of failing?.subjects ?? []) this.warnings.forget(subject);
    return failing;
  }
}
