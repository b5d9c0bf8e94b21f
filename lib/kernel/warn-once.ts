import { type Clock } from './clock.js';
import { type Logger } from './logger.js';

/** Warnings in one window; those beyond are counted and told with the next. */
const MAX_PER_WINDOW = 10;
const WINDOW = 60_000;

/** Subjects remembered; beyond that a few may be told of twice. */
const MAX_TOLD = 10_000;

/** Warns once of each subject, and never floods the log: at most ten lines a minute. */
export class WarnOnce {
  private readonly told = new Set<string>();
  private windowEnds = 0;
  private inWindow = 0;
  private suppressed = 0;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** `message` is only made where it is written. */
  warn(subject: string, message: () => string): void {
    if (this.told.has(subject)) return;
    if (this.told.size >= MAX_TOLD) this.told.clear();
    this.told.add(subject);
    const now = this.clock.now();
    if (now >= this.windowEnds) {
      this.windowEnds = now + WINDOW;
      this.inWindow = 0;
    }
    if (this.inWindow >= MAX_PER_WINDOW) {
      this.suppressed += 1;
      return;
    }
    this.inWindow += 1;
    const others = this.suppressed > 0 ? ` (${this.suppressed} more were not shown)` : '';
    this.suppressed = 0;
    this.logger.warn(message() + others);
  }

  /** The next warning of this subject is a new one. */
  forget(subject: string): void {
    this.told.delete(subject);
  }
}
