import { type Clock, type Timer } from './clock.js';
import { type Logger } from './logger.js';

/** Lines in one window. Subjects beyond are named when the window ends. */
const MAX_LINES = 10;
const WINDOW_MS = 60_000;

/** Subjects named in one line where there are more than lines. */
const MAX_LABELS = 50;

/** Subjects remembered; beyond that a few may be reported twice. */
const MAX_SUBJECTS = 10_000;

/** A warning about one subject. Both functions run only where their result is logged. */
export interface Warning {
  /** The complete sentence. */
  message(): string;
  /** The name of the subject, for a line that names many. */
  label(): string;
}

/**
 * Warns once of each subject and writes at most ten lines a minute. The subjects beyond are named when that minute
 * ends, many in a line where they are many.
 */
export class WarnOnce {
  private readonly told = new Set<string>();
  private readonly waiting = new Map<string, Warning>();
  private window: Timer | undefined;
  private lines = 0;

  /** @param many makes the sentence about subjects that share a line, from their labels */
  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly many: (labels: readonly string[]) => string,
  ) {}

  /** Warns of `subject`, now or when the current window ends, unless that was done before. */
  warn(subject: string, warning: Warning): void {
    if (this.told.has(subject)) return;
    if (this.told.size >= MAX_SUBJECTS) {
      this.told.clear();
      this.waiting.clear();
    }
    this.told.add(subject);
    this.window ??= this.clock.after(WINDOW_MS, () => {
      this.next();
    });
    if (this.lines < MAX_LINES) this.write(warning.message());
    else this.waiting.set(subject, warning);
  }

  /** The next warning of this subject is a new one; a warning that waits is dropped, since its cause is gone. */
  forget(subject: string): void {
    this.told.delete(subject);
    this.waiting.delete(subject);
  }

  /** Names what still waits and ends the timer. */
  close(): void {
    this.window?.cancel();
    this.lines = 0;
    this.flush();
  }

  private next(): void {
    this.window = undefined;
    this.lines = 0;
    if (this.waiting.size === 0) return;
    this.window = this.clock.after(WINDOW_MS, () => {
      this.next();
    });
    this.flush();
  }

  private flush(): void {
    const each = this.waiting.size <= MAX_LINES ? 1 : MAX_LABELS;
    while (this.waiting.size > 0 && this.lines < MAX_LINES) {
      const group = [...this.take(each)];
      const left = this.lines + 1 === MAX_LINES ? this.waiting.size : 0;
      const [first] = group;
      const line = each === 1 && first ? first.message() : this.many(group.map((one) => one.label()));
      this.write(left === 0 ? line : `${line} ${left} more are not shown yet.`);
    }
  }

  private *take(count: number): Generator<Warning> {
    for (const [subject, warning] of this.waiting) {
      if (count-- === 0) return;
      this.waiting.delete(subject);
      yield warning;
    }
  }

  private write(line: string): void {
    this.lines += 1;
    this.logger.warn(line);
  }
}
