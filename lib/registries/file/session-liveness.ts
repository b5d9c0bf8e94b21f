import { type Clock } from '../../common/clock.js';
import { type BootTime } from './boot-time.js';
import { errnoOf } from './fs-error.js';
import { forEachLimited } from '../../common/async/semaphore.js';
import { MAX_CONCURRENT_FILES } from './layout.js';
import { type Layout } from './layout.js';
import { readBounded } from './read-bounded.js';
import { readSessionFile, type SessionFile } from './session-file.js';

/** Bytes. */
const MAX_SESSION_FILE_BYTES = 4_096;
/** No wall clock is wrong by more milliseconds than this. */
const MAX_WALL_CLOCK_ERROR_MS = 86_400_000;

/** Sessions that are remembered before those that are over are looked for. */
const MIN_PRUNE_SIZE = 64;

/** What is known of a session. */
interface Known {
  readonly text: string;
  /** On this process's clock: alive until then, and to be looked at again then. */
  readonly until: number;
  /** `until` is the session's own deadline, not what was concluded from watching it. */
  readonly exact: boolean;
}

/** Until when a session is alive on this process's clock, or how it came to its end. */
export type SessionFate = number | 'ended' | 'expired';

/**
 * Which sessions are alive. On one boot of one machine their deadlines are compared as they stand. Where they cannot
 * be (no boot id, a folder from before a restart), a session is alive for its TTL from each change that is observed,
 * on the observer's own clock; the wall clock only makes the first guess. So a moved wall clock ends nothing.
 */
export class SessionLiveness {
  private readonly known = new Map<string, Known>();
  private pruneAt = MIN_PRUNE_SIZE;

  constructor(
    private readonly layout: Layout,
    private readonly clock: Clock,
    private readonly time: BootTime,
  ) {}

  /** How many sessions are remembered. */
  get size(): number {
    return this.known.size;
  }

  /** What has become of session `id`; see {@link SessionLiveness.aliveUntil}. */
  async fate(id: string, fresh: boolean): Promise<SessionFate> {
    const until = await this.aliveUntil(id, fresh);
    if (until !== undefined) return until;
    const text = await this.text(id);
    const file = text === undefined ? undefined : readSessionFile(text);
    // Its file is the last thing that its holder removes.
    return file === undefined || (file.ended === true && file.late !== true) ? 'ended' : 'expired';
  }

  /**
   * Until when, on this process's clock, session `id` is alive; undefined when it is not.
   *
   * @param fresh look at its file even if its deadline is known
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
    // What was concluded from watching is remembered, lest the wall clock be asked a second time.
    if (alive || !next.exact) this.known.set(id, next);
    else this.known.delete(id);
    if (this.known.size >= this.pruneAt) await this.prune();
    return alive ? next.until : undefined;
  }

  /** Whether `file` is so long over that nobody can still be looking at what it held. */
  isLongOver(file: SessionFile, grace: number): boolean {
    if (file.ended === true) return true;
    if (this.comparable(file)) return this.time.now() > file.deadline + grace;
    return this.clock.wall() > file.wall + Math.max(grace, MAX_WALL_CLOCK_ERROR_MS);
  }

  /**
   * Forgets sessions that are over and of which nothing is left. Many readers meet a session while it lives and never
   * ask for it again once its entries are gone.
   */
  private async prune(): Promise<void> {
    this.pruneAt = Infinity;
    const now = this.clock.now();
    const over = [...this.known].filter(([, { until }]) => until <= now);
    await forEachLimited(over, MAX_CONCURRENT_FILES, async ([id, known]) => {
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
