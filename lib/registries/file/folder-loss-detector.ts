import { stat } from 'node:fs/promises';
import { type Clock } from '../../common/clock.js';
import { errnoOf } from './fs-error.js';

/** Milliseconds after a loss in which a missing entry is taken for lost rather than withdrawn: every reader has looked by then. */
const RECENT_MS = 10_000;

/**
 * Notices that the folder of the sessions was removed or replaced. The entries that are missing then were lost with it,
 * and were not withdrawn by their holders.
 */
export class FolderLossDetector {
  private folder: string | undefined;
  private lostAt = -Infinity;

  constructor(
    private readonly path: string,
    private readonly clock: Clock,
  ) {}

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
