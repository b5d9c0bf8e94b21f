import { type WarnOnce } from '../kernel/warn-once.js';
import { type MalformedSink } from './follower-entries.js';
import { slotId, slotLabel } from './item.js';
import { type Malformed } from './registry.js';

/** Warns once of each malformed slot until that slot is empty again. */
export class MalformedWarnings implements MalformedSink {
  constructor(
    private readonly warnings: WarnOnce,
    private readonly where: string,
  ) {}

  warn({ slot, reason }: Malformed): void {
    this.warnings.warn(
      slotId(slot),
      () =>
        `Ignoring the ${slotLabel(slot)} in ${this.where}: ${reason} Its last good value, if any, stays in use.`,
    );
  }

  forget(slot: string): void {
    this.warnings.forget(slot);
  }
}
