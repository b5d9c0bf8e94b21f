import { SidekickError } from '../common/errors/index.js';
import { type EntryKey, entryKeyLabel } from '../registry/entry-record.js';

/** With `exclusive`: another live session owns the entry. */
export class AlreadyHeldError extends SidekickError {
  readonly code = 'SIDEKICK_ALREADY_HELD';

  constructor(entryKey: EntryKey, owner: string) {
    super(
      `The ${entryKeyLabel(entryKey)} is held by another live session (${owner}), and \`exclusive\` is set. ` +
        'Stop the other process, choose another key, or leave `exclusive` out to take over.',
    );
  }
}
