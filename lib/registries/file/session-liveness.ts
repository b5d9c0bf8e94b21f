import { type Clock } from '../../common/clock.js';
import { type BootTime } from './boot-time.js';
import { errnoOf } from './fs-error.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { MAX_CONCURRENT_FILES } from './layout.js';
import { type Layout } from './layout.js';
import { readBounded } from './read-bounded.js';
import { readSessionFile, type SessionFile } from './session-file.js';

const MAX_SESSION_FILE_BYTES = 4_096;
/** Wall clocks of two boots are assumed to differ by less than this. */
const MAX_WALL_CLOCK_ERROR_MS = 86_400_000;

/** Expired sessions are pruned once this many sessions are cached. */
const MIN_PRUNE_SIZE = 64;

/** The cached state of a session. */
interface Known {
  readonly text: string;
  /** Until when the session is alive, on this process's clock. Its file must be read again then. */
  readonly until: number;
  /** Whether `until` is the session's own deadline. If not, it is derived from observed renewals. */
  readonly exact: boolean;
}

/** Until when a session is alive, on this process's clock, or why it is not alive. */
export type SessionFate = number | 'ended' | 'expired';

/**
 * Determines which sessions are alive. Deadlines of the same boot of the same machine are compared directly. Otherwise (no
 * boot id, or a folder from before a restart) a session is alive for its TTL after each observed change of its file, on
 * the observer's clock. The wall clock only provides the first estimate, so changing it expires no session.
 */
export class SessionLiveness {
  private readonly known = new Map<string, Known>();
  private pruneAt = MIN_PRUNE_SIZE;

  constructor(
    private readonly layout: Layout,
    private readonly clock: Clock,
    private readonly time: BootTime,
  ) {}

  /** The number of cached sessions. */
  get size(): number {
    return this.known.size;
  }

  /** Returns the state of session `id`; see {@link SessionLiveness.aliveUntil}. */
  async fate(id: string, fresh: boolean): Promise<SessionFate> {
    const until = await this.aliveUntil(id, fresh);
    if (until !== undefined) return until;
    const text = await this.text(id);
    const file = text === undefined ? undefined : readSessionFile(text);
    // A session that ends deletes its file last.
    return file === undefined || (file.ended === true && file.late !== true) ? 'ended' : 'expired';
  }

  /**
   * Returns until when session `id` is alive, in milliseconds of this process's clock. Undefined if it is not alive.
   *
   * @param fresh read the session's file even if its deadline is cached
   */
  async aliveUntil(id: string, fresh: boolean): Promise<number | undefined> {
    const known = this.known.get(id);
    if (!fresh && known?.exact === true && this.clock.now() < known.until) return known.until;
    const text = await this.text(id);
    const file = text === undefined ? undefined : readSessionFile(text);
    if (text === undefined || !file || file.ended === true) {
      this.known.delete(id);
      return undefined;
    }
    const now = this.clock.now();
    const next = this.judge(file, text, known, now);
    const alive = now < next.until;
    // An observed deadline is cached even if it has passed, so that the wall clock does not provide another estimate.
    if (alive || !next.exact) this.known.set(id, next);
    else this.known.delete(id);
    if (this.known.size >= this.pruneAt) await this.prune();
    return alive ? next.until : undefined;
  }

  /** Whether the session has ended or expired at least `graceMs` ago, so that no reader still needs its entries. */
  isLongDead(file: SessionFile, graceMs: number): boolean {
    if (file.ended === true) return true;
    if (this.comparable(file)) return this.time.now() > file.deadline + graceMs;
    return this.clock.wall() > file.wall + Math.max(graceMs, MAX_WALL_CLOCK_ERROR_MS);
  }

  /**
   * Evicts expired sessions whose files are deleted. Most sessions are never requested again once their entries are
   * removed, so the cache would grow without bound.
   */
  private async prune(): Promise<void> {
    this.pruneAt = Infinity;
    const now = this.clock.now();
    const expired = [...this.known].filter(([, { until }]) => until <= now);
    await forEachLimited(expired, MAX_CONCURRENT_FILES, async ([id, known]) => {
      const forgettable = known.exact || (await this.text(id).catch(() => known.text)) === undefined;
      if (forgettable && this.known.get(id) === known) this.known.delete(id);
    });
    this.pruneAt = Math.max(MIN_PRUNE_SIZE, 2 * this.known.size);
  }

  private comparable({ boot }: SessionFile): boolean {
    return boot !== undefined && boot === this.time.boot;
  }

  private judge(file: SessionFile, text: string, known: Known | undefined, now: number): Known {
    if (this.comparable(file)) return { text, exact: true, until: now + file.deadline - this.time.now() };
    if (known?.text === text) return known;
    const ttl = file.ttl * 1_000;
    const guess = known ? ttl : Math.min(ttl, file.wall - this.clock.wall());
    return { text, exact: false, until: now + guess };
  }

  private async text(id: string): Promise<string | undefined> {
    try {
      const read = await readBounded(this.layout.session(id), MAX_SESSION_FILE_BYTES);
      return 'text' in read ? read.text : undefined;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}
