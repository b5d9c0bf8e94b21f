import { type BeatEvent } from '../heartbeat/beat.js';
import { type Logger } from '../kernel/logger.js';

/** Writes what happens to an entry where operators look. */
export function logBeat(logger: Logger, { type, key, reason }: BeatEvent): void {
  switch (type) {
    case 'lost':
      logger.warn(`Lost "${key}" (${reason ?? 'unknown'}).`);
      return;
    case 'late':
      logger.debug?.(`A renewal of "${key}" failed; trying again.`);
      return;
    case 'restored':
      logger.log(`Restored "${key}".`);
      return;
    case 'alive':
      logger.log(`Keeping "${key}".`);
      return;
    case 'stopped':
      logger.log(`Withdrew "${key}".`);
  }
}
