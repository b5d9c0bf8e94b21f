import { joinHostPort } from '../common/address.js';
import { type WarnOnce } from '../common/warn-once.js';
import { type MalformedSink } from './entry-store.js';
import { entryKeyId, entryKeyLabel } from './entry-record.js';
import { type RegistryEntry, type MalformedEntry } from './registry.js';

/** Warns once of each malformed entry key, until that entry key is well-formed or empty again. */
export class MalformedWarnings implements MalformedSink {
  constructor(
    private readonly warnings: WarnOnce,
    private readonly where: string,
  ) {}

  warn({ entryKey, reason }: MalformedEntry, kept: RegistryEntry | undefined): void {
    this.warnings.warn(entryKeyId(entryKey), {
      message: () =>
        `Ignoring the ${entryKeyLabel(entryKey)} in ${this.where}: ${reason} ${consequence(kept)}`,
      label: () => `${entryKeyLabel(entryKey)}${kept ? ' (its last good value stays in use)' : ''}`,
    });
  }

  forget(entryKey: string): void {
    this.warnings.forget(entryKey);
  }

  close(): void {
    this.warnings.close();
  }
}

/** The sentence about several malformed entry keys. */
export function manyMalformed(where: string): (labels: readonly string[]) => string {
  return (labels) =>
    `Ignoring ${labels.length} more malformed entries in ${where}: ${labels.join(', ')}. Their last good values, if any, stay in use.`;
}

function consequence(kept: RegistryEntry | undefined): string {
  if (!kept) return 'It is left out until it is repaired.';
  if (kept.record.kind === 'key') return 'Its last good value stays in use.';
  const { address, port } = kept.record.instance;
  return `Its last good value, ${joinHostPort(address, port)}, stays in use.`;
}
