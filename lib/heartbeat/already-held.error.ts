import { SidekickError } from '../kernel/errors/index.js';
import { type Slot, slotLabel } from '../registry/item.js';

/** A key was to be held exclusively, and another live holder has it. */
export class AlreadyHeldError extends SidekickError {
  readonly code = 'SIDEKICK_ALREADY_HELD';

  constructor(slot: Slot, owner: string) {
    super(
      `The ${slotLabel(slot)} is held by another live session (${owner}), and \`exclusive\` was asked for. ` +
        'Stop the other holder, choose another key, or leave `exclusive` out to take over.',
    );
  }
}
