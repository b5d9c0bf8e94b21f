import { type Clock } from '../kernel/clock.js';
import { type Logger } from '../kernel/logger.js';
import { type MalformedSink } from './follower-entries.js';
import { slotId, slotLabel } from './item.js';
import { type Malformed } from './registry.js';

/** Warnings in one window; those beyond are counted and told with the next. */
const MAX_PER_WINDOW = 10;
const WINDOW = 60_000;

/** Slots remembered; beyond that a few may be told of twice. */
const MAX_TOLD = 10_000;

/** Warns once of each malformed slot until that slot is empty again, and never floods the log. */
export class MalformedWarnings implements MalformedSink {
  private readonly told = new Set<string>();
  private windowEnds = 0;
  private inWindow = 0;
  private suppressed = 0;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly where: string,
  ) {}

  warn(malformed: Malformed): void {
    const id = slotId(malformed.slot);
    if (this.told.has(id)) return;
    if (this.told.size >= MAX_TOLD) this.told.clear();
    this.told.add(id);
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
    this.logger.warn(
      `Ignoring the ${slotLabel(malformed.slot)} in ${this.where}: ${malformed.reason} ` +
        `Its last good value, if any, stays in use.${others}`,
    );
  }

  forget(slot: string): void {
    this.told.delete(slot);
  }
}
