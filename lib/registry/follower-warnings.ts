import { joinHostPort } from '../kernel/address.js';
import { type WarnOnce } from '../kernel/warn-once.js';
import { type MalformedSink } from './follower-entries.js';
import { slotId, slotLabel } from './item.js';
import { type Entry, type Malformed } from './registry.js';

/** Warns once of each malformed slot, until that slot is well-formed or empty again. */
export class MalformedWarnings implements MalformedSink {
  constructor(
    private readonly warnings: WarnOnce,
    private readonly where: string,
  ) {}

  warn({ slot, reason }: Malformed, kept: Entry | undefined): void {
    this.warnings.warn(slotId(slot), {
      message: () => `Ignoring the ${slotLabel(slot)} in ${this.where}: ${reason} ${consequence(kept)}`,
      label: () => `${slotLabel(slot)}${kept ? ' (its last good value stays in use)' : ''}`,
    });
  }

  forget(slot: string): void {
    this.warnings.forget(slot);
  }

  close(): void {
    this.warnings.close();
  }
}

/** The sentence about several malformed slots. */
export function manyMalformed(where: string): (labels: readonly string[]) => string {
  return (labels) =>
    `Ignoring ${labels.length} more malformed entries in ${where}: ${labels.join(', ')}. Their last good values, if any, stay in use.`;
}

function consequence(kept: Entry | undefined): string {
  if (!kept) return 'It is left out until it is repaired.';
  if (kept.item.kind === 'key') return 'Its last good value stays in use.';
  const { address, port } = kept.item.instance;
  return `Its last good value, ${joinHostPort(address, port)}, stays in use.`;
}
