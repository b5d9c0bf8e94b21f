import { type Clock, type Timer } from './clock.js';
import { type Logger } from './logger.js';

/** Maximum number of lines in one window. */
const MAX_LINES = 10;
const WINDOW_MS = 60_000;

/** Maximum number of subjects in one line, when they do not fit one a line. */
const MAX_LABELS = 50;

/** Maximum number of remembered subjects. When it is reached all are forgotten, and may be warned about again. */
const MAX_SUBJECTS = 10_000;

/** A warning about one subject. Its functions are called only when their result is logged. */
export interface Warning {
  /** The complete sentence. */
  message(): string;
  /** The name of the subject, for a line about several subjects. */
  label(): string;
}

/**
 * Warns once about each subject, with at most ten lines a minute. Further subjects wait until the minute ends, and then
 * share lines.
 */
export class WarnOnce {
  private readonly warned = new Set<string>();
  private readonly waiting = new Map<string, Warning>();
  private window: Timer | undefined;
  private lines = 0;

  /** @param summarize Formats the sentence about several subjects, from their labels. */
  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly summarize: (labels: readonly string[]) => string,
  ) {}

  /** Warns about `subject` now or when the current window ends, unless it did before. */
  warn(subject: string, warning: Warning): void {
    if (this.warned.has(subject)) return;
    if (this.warned.size >= MAX_SUBJECTS) {
      this.warned.clear();
      this.waiting.clear();
    }
    this.warned.add(subject);
    this.window ??= this.clock.after(WINDOW_MS, () => {
      this.startWindow();
    });
    if (this.lines < MAX_LINES) this.write(warning.message());
    else this.waiting.set(subject, warning);
  }

  /** Forgets the subject, so that its next warning is logged. A waiting warning is dropped. */
  forget(subject: string): void {
    this.warned.delete(subject);
    this.waiting.delete(subject);
  }

  /** Logs the waiting warnings and cancels the timer. */
  close(): void {
    this.window?.cancel();
    this.lines = 0;
    this.flush();
  }

  private startWindow(): void {
    this.window = undefined;
    this.lines = 0;
    if (this.waiting.size === 0) return;
    this.window = this.clock.after(WINDOW_MS, () => {
      this.startWindow();
    });
    this.flush();
  }

  private flush(): void {
    const perLine = this.waiting.size <= MAX_LINES ? 1 : MAX_LABELS;
    while (this.waiting.size > 0 && this.lines < MAX_LINES) {
      const group = [...this.take(perLine)];
      const left = this.lines + 1 === MAX_LINES ? this.waiting.size : 0;
      const [first] = group;
      const line =
        perLine === 1 && first ? first.message() : this.summarize(group.map((warning) => warning.label()));
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
