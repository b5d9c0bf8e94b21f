import { SidekickError } from '../common/errors/index.js';
import { type EntryKey, entryKeyLabel } from '../registry/entry-record.js';

/** Also of an error that came from another thread and is no instance of {@link AlreadyHeldError}. */
export const ALREADY_HELD = 'SIDEKICK_ALREADY_HELD';

/** A key was to be held exclusively, and another live holder has it. */
export class AlreadyHeldError extends SidekickError {
  readonly code = ALREADY_HELD;

  constructor(entryKey: EntryKey, owner: string) {
    super(
      `The ${entryKeyLabel(entryKey)} is held by another live session (${owner}), and \`exclusive\` was asked for. ` +
        'Stop the other holder, choose another key, or leave `exclusive` out to take over.',
    );
  }
}
