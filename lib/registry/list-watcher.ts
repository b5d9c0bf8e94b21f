import { Backoff, DEFAULT_BACKOFF, type BackoffOptions } from '../common/async/backoff.js';
import { type Clock } from '../common/clock.js';
import { attempt, pause } from '../common/async/deadline.js';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { ClosedError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { WarnOnce } from '../common/warn-once.js';
import { Watchdog } from '../common/async/watchdog.js';
import { EntryStore, type EntriesDiff } from './entry-store.js';
import { MalformedWarnings, manyMalformed } from './malformed-warnings.js';
import { isUnreachable, type ReconnectCoordinator, reconnectCoordinatorOf } from './reconnect-coordinator.js';
import {
  SIGN_OF_LIFE_MS,
  type Cursor,
  type RegistryEntry,
  type Listing,
  type Registry,
  type Scope,
  type WatchBatch,
} from './registry.js';
import { scopeLabel } from './scope.js';

/** The complete content of a scope, and what is new in it. */
export interface ListUpdate extends EntriesDiff {
  /** By `entryKeyId`. The follower's own map, right while `onSet` runs: copy what is to be kept. */
  readonly entries: ReadonlyMap<string, RegistryEntry>;
  /** The follower's own counter: 1 for the first set, one more for each further one. */
  readonly revision: number;
}

/** How far what a follower holds can be trusted. */
export interface ListWatchState {
  /** True before the first answer, and from an error until the next complete list. */
  readonly stale: boolean;
  /** When it became stale, on the monotonic clock. */
  readonly since?: number;
  /** Why the last attempt failed, while stale; where the registry is out of reach, anybody's last attempt. */
  readonly error?: Error;
  /** When the registry was last heard of, on the monotonic clock; missing before the first answer. */
  readonly lastHeard?: number;
}

/** What a {@link ListWatcher} is made of. */
export interface ListWatcherOptions {
  readonly registry: Registry;
  readonly scope: Scope;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Called with the first list, an empty one too, and then with each set that differs from the one before. */
  readonly onUpdate: (set: ListUpdate) => void;
  /** Called when it becomes stale, at each further failure, and when it is fresh again. */
  readonly onState?: (state: ListWatchState) => void;
  /** What is known already, from the write that made it: spares the first list. */
  readonly from?: Listing;
  /** Milliseconds after which, with no word from the watch, the scope is listed again; the watch alone by default. */
  readonly intervalMs?: number;
  /** Milliseconds for one list; the registry's own by default, which is 5,000 unless its driver gives another. */
  readonly listTimeoutMs?: number;
  readonly backoff?: BackoffOptions;
}

/** Milliseconds between two lists that nobody asked for. */
const MIN_LIST_INTERVAL_MS = 1_000;

/** Milliseconds of silence after which a watch is given up, even if its driver says nothing. */
const SILENCE_TIMEOUT_MS = 3 * SIGN_OF_LIFE_MS;

const DEFAULT_LIST_TIMEOUT_MS = 5_000;

/** Milliseconds a watch is given to let go of what it holds, before {@link ListWatcher.close} goes on without it. */
const WATCH_END_TIMEOUT_MS = 1_000;

/**
 * Keeps the complete current content of a scope in step with a registry: lists, then watches from where the list
 * ended. Whatever goes wrong, what is held stays, marked stale, and it tries again without limit. Only an answer of
 * the registry ever makes the set empty.
 */
export class ListWatcher {
  private readonly store: EntryStore;
  private readonly malformed: MalformedWarnings;
  private readonly backoff: Backoff;
  private readonly reconnect: ReconnectCoordinator;
  private readonly first: Deferred<void> = deferred();
  private readonly lifetime = new AbortController();
  private readonly endingWatches = new Set<Promise<unknown>>();
  /** Ends the watch or the pause that is going on, because somebody asked for a list. */
  private interrupt = new AbortController();
  /** Those who asked for a list that has not begun. */
  private requested: Deferred<void> | undefined;
  private revision = 0;
  private stale = true;
  private since: number | undefined;
  private error: Error | undefined;
  private lastHeard: number | undefined;
  private listedAt = -Infinity;
  private warned = false;
  private running: Promise<void> | undefined;

  constructor(private readonly options: ListWatcherOptions) {
    const { clock, logger, registry } = options;
    const warnings = new WarnOnce(clock, logger, manyMalformed(registry.url));
    this.malformed = new MalformedWarnings(warnings, registry.url);
    this.store = new EntryStore(this.malformed);
    this.backoff = new Backoff(options.backoff ?? DEFAULT_BACKOFF, options.random);
    this.reconnect = reconnectCoordinatorOf(options.registry, options);
  }

  /** Resolves after the first list has been handed to `onSet`; rejects only with {@link ClosedError}. */
  get ready(): Promise<void> {
    return this.first.promise;
  }

  get state(): ListWatchState {
    // Who waits for a turn knows why the others failed in the meantime.
    const error = isUnreachable(this.error) ? (this.reconnect.lastError ?? this.error) : this.error;
    return {
      stale: this.stale,
      ...(this.since === undefined ? {} : { since: this.since }),
      ...(error === undefined ? {} : { error }),
      ...(this.lastHeard === undefined ? {} : { lastHeard: this.lastHeard }),
    };
  }

  /** Begins to list and watch. A second call does nothing. */
  start(): void {
    if (this.running || this.lifetime.signal.aborted) return;
    this.since = this.options.clock.now();
    this.running = this.run();
  }

  /**
   * Resolves when a list that began after this call has been taken in; callers who come while one is running share
   * the next one, so that no change slips between.
   *
   * @throws the error of that list; the follower itself goes on trying
   * @throws ClosedError
   */
  refresh(): Promise<void> {
    if (this.lifetime.signal.aborted) return Promise.reject(this.closedError());
    this.requested ??= deferred();
    this.interrupt.abort();
    return this.requested.promise;
  }

  /** Ends the watch and every timer. A second call waits for the first. */
  async close(): Promise<void> {
    const closed = this.closedError();
    // One error for all: where very many are closed at once, its making is what takes the time.
    this.lifetime.abort(closed);
    this.interrupt.abort(closed);
    await this.running;
    await Promise.all(this.endingWatches);
    this.malformed.close();
    this.first.reject(closed);
    this.requested?.reject(closed);
  }

  private async run(): Promise<void> {
    const { from } = this.options;
    let known = from && this.take(from);
    while (!this.lifetime.signal.aborted) {
      const cursor = known ?? (await this.reconnect.listSemaphore.run(() => this.list()));
      known = undefined;
      const wait = cursor === undefined ? this.backoffAfter(this.error) : await this.watch(cursor);
      await this.pause(Math.max(wait, this.listedAt + MIN_LIST_INTERVAL_MS - this.options.clock.now()));
      await this.reconnect.waitForProbe(this.interrupt.signal);
    }
  }

  /** One list, for everybody who has asked for it so far. */
  private async list(): Promise<Cursor | undefined> {
    const { registry, scope, clock } = this.options;
    const asked = this.requested;
    this.requested = undefined;
    this.interrupt = new AbortController();
    if (this.lifetime.signal.aborted) this.interrupt.abort();
    try {
      const listing = await attempt(
        {
          clock,
          timeoutMs: this.options.listTimeoutMs ?? registry.listTimeoutMs ?? DEFAULT_LIST_TIMEOUT_MS,
          signal: this.lifetime.signal,
          what: `Listing the ${scopeLabel(scope)} in ${registry.url}`,
        },
        (signal) => registry.list(scope, signal),
      );
      this.reconnect.attemptSucceeded();
      this.take(listing);
      asked?.resolve();
      return listing.cursor;
    } catch (error) {
      if (this.lifetime.signal.aborted) {
        asked?.reject(this.closedError());
        return undefined;
      }
      this.markStale(error as Error);
      asked?.reject(error as Error);
      return undefined;
    }
  }

  private take(listing: Listing): Cursor {
    this.listedAt = this.options.clock.now();
    this.emit(this.store.replace(listing));
    this.markFresh();
    return listing.cursor;
  }

  /** Follows one watch to its end and returns the milliseconds to wait before the next list. */
  private async watch(cursor: Cursor): Promise<number> {
    const { registry, scope, clock, intervalMs } = this.options;
    const { signal } = this.interrupt;
    const stop = new AbortController();
    const watchdog = new Watchdog({
      clock,
      timeoutMs: Math.min(intervalMs ?? Infinity, SILENCE_TIMEOUT_MS),
      signal,
      what: `The watch of the ${scopeLabel(scope)} in ${registry.url}`,
    });
    let watch: AsyncIterator<WatchBatch, unknown> | undefined;
    try {
      watch = registry.watch(scope, cursor, stop.signal)[Symbol.asyncIterator]();
      for (;;) {
        const next = await watchdog.wait(watch.next());
        if (next.done === true)
          throw new Error(`The watch of the ${scopeLabel(scope)} ended without a reason.`);
        const batch = next.value;
        if (batch.kind === 'reset') return 0;
        this.recovered();
        this.lastHeard = clock.now();
        if (batch.kind === 'listing') this.emit(this.store.replace(batch.listing));
        else if (batch.changes.length > 0) this.emit(this.store.apply(batch.changes));
      }
    } catch (error) {
      if (signal.aborted) return 0;
      if (intervalMs !== undefined && clock.now() - (this.lastHeard ?? 0) >= intervalMs) return 0;
      this.markStale(error as Error);
      return this.backoff.next();
    } finally {
      watchdog.end();
      stop.abort(signal.reason);
      this.endWatch(watch);
    }
  }

  /** A registry that is away is asked again when its readers' turn comes; what else went wrong is waited for here. */
  private backoffAfter(error: Error | undefined): number {
    return isUnreachable(error) ? 0 : this.backoff.next();
  }

  /** Lets a watch end in its own time; only {@link ListWatcher.close} waits for it. */
  private endWatch(iterator: AsyncIterator<WatchBatch, unknown> | undefined): void {
    if (!iterator?.return) return;
    const end = iterator.return.bind(iterator);
    const farewell = attempt(
      { clock: this.options.clock, timeoutMs: WATCH_END_TIMEOUT_MS, what: 'Ending a watch' },
      () => end(),
    ).catch(() => undefined);
    this.endingWatches.add(farewell);
    void farewell.then(() => this.endingWatches.delete(farewell));
  }

  private async pause(delay: number): Promise<void> {
    if (delay <= 0) return;
    await pause(this.options.clock, delay, this.interrupt.signal).catch(() => undefined);
  }

  private emit(diff: EntriesDiff): void {
    const { added, updated, removed } = diff;
    if (this.revision > 0 && added.length + updated.length + removed.length === 0) return;
    this.revision += 1;
    this.callListener(() =>
      this.options.onUpdate({
        entries: this.store.current,
        added,
        updated,
        removed,
        revision: this.revision,
      }),
    );
  }

  private markFresh(): void {
    const wasStale = this.stale;
    this.lastHeard = this.options.clock.now();
    this.stale = false;
    this.since = undefined;
    this.error = undefined;
    if (wasStale) this.callListener(() => this.options.onState?.(this.state));
    this.first.resolve();
  }

  private markStale(error: Error): void {
    if (isUnreachable(error)) this.reconnect.attemptFailed(error);
    if (!this.stale) this.since = this.options.clock.now();
    this.stale = true;
    this.error = error;
    if (!this.warned) {
      this.warned = true;
      this.options.logger.warn(
        `The ${scopeLabel(this.options.scope)} cannot be followed, what is known stays in use: ${error.message}`,
      );
    }
    this.callListener(() => this.options.onState?.(this.state));
  }

  /** A watch that works ends the trouble; a list alone does not, or list and watch could take turns in the log. */
  private recovered(): void {
    this.backoff.reset();
    if (!this.warned) return;
    this.warned = false;
    this.options.logger.log(`The ${scopeLabel(this.options.scope)} is followed again.`);
  }

  /** A listener that throws is its own fault and not the registry's. */
  private callListener(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.options.logger.error(
        `A listener for the ${scopeLabel(this.options.scope)} failed: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  private closedError(): ClosedError {
    return new ClosedError(`The follower of the ${scopeLabel(this.options.scope)}`);
  }
}
