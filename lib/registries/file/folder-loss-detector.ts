import { stat } from 'node:fs/promises';
import { type Clock } from '../../common/clock.js';
import { errnoOf } from './fs-error.js';

/** How long after a loss a missing entry counts as lost, not as withdrawn. All readers have polled by then. */
const RECENT_MS = 10_000;

/**
 * Detects that the folder of the sessions was removed or replaced. Entries that are missing then were lost with it, and
 * not withdrawn by their sessions.
 */
export class FolderLossDetector {
  private folder: string | undefined;
  private lostAt = -Infinity;

  constructor(
    private readonly path: string,
    private readonly clock: Clock,
  ) {}

  /** Whether a loss has occurred within the last 10 s. Detects a loss only if it is called regularly. */
  async isRecent(): Promise<boolean> {
    const folder = await this.identity();
    const now = this.clock.now();
    if (folder === undefined || (this.folder !== undefined && folder !== this.folder)) this.lostAt = now;
    this.folder = folder ?? this.folder;
    return now - this.lostAt < RECENT_MS;
  }

  private async identity(): Promise<string | undefined> {
    try {
      const { dev, ino, birthtimeNs } = await stat(this.path, { bigint: true });
      return `${dev}/${ino}/${birthtimeNs}`;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}
