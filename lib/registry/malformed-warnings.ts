import { joinHostPort } from '../common/address.js';
import { type WarnOnce } from '../common/warn-once.js';
import { type MalformedSink } from './entry-store.js';
import { entryKeyId, entryKeyLabel } from './entry-record.js';
import { type RegistryEntry, type MalformedEntry } from './registry.js';

/** Logs one warning for each malformed entry. It warns again only if the entry was repaired or removed in between. */
export class MalformedWarnings implements MalformedSink {
  constructor(
    private readonly warnings: WarnOnce,
    private readonly where: string,
  ) {}

  warn({ entryKey, reason }: MalformedEntry, lastGood: RegistryEntry | undefined): void {
    this.warnings.warn(entryKeyId(entryKey), {
      message: () =>
        `Ignoring the ${entryKeyLabel(entryKey)} in ${this.where}: ${reason} ${consequence(lastGood)}`,
      label: () => `${entryKeyLabel(entryKey)}${lastGood ? ' (its last good value stays in use)' : ''}`,
    });
  }

  forget(entryKey: string): void {
    this.warnings.forget(entryKey);
  }

  close(): void {
    this.warnings.close();
  }
}

/** Returns the function that makes the message about several malformed entries. */
export function manyMalformed(where: string): (labels: readonly string[]) => string {
  return (labels) =>
    `Ignoring ${labels.length} more malformed entries in ${where}: ${labels.join(', ')}. Their last good values, if any, stay in use.`;
}

function consequence(lastGood: RegistryEntry | undefined): string {
  if (!lastGood) return 'It is left out until it is repaired.';
  if (lastGood.record.kind === 'key') return 'Its last good value stays in use.';
  const { address, port } = lastGood.record.instance;
  return `Its last good value, ${joinHostPort(address, port)}, stays in use.`;
}
