import { Backoff, DEFAULT_BACKOFF } from '../common/async/backoff.js';
import { attempt, pause } from '../common/async/deadline.js';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { Watchdog } from '../common/async/watchdog.js';
import { ClosedError } from '../common/errors/index.js';
import { messageOf, toError } from '../common/thrown.js';
import { WarnOnce } from '../common/warn-once.js';
import { type MalformedSink } from './entry-store.js';
import { type ListWatcherOptions, type ListWatchState } from './list-watcher.types.js';
import { MalformedWarnings, manyMalformed } from './malformed-warnings.js';
import { isUnreachable, type SharedConnection, sharedConnectionOf } from './shared-connection.js';
import { SIGN_OF_LIFE_MS, type Change, type Cursor, type Listing, type WatchBatch } from './registry.js';
import { scopeLabel } from './scope.js';

/** The content that a {@link ScopeWatcher} keeps current. */
export interface WatchedContent {
  /** Number of entries. */
  readonly size: number;
  /** Takes the complete content. */
  replace(listing: Listing): void;
  /** Takes one batch of changes. */
  apply(changes: readonly Change[]): void;
  /**
   * Called after each listing and batch: reports what they have changed to the listeners.
   *
   * @param listed whether it was a listing
   */
  report(listed: boolean): void;
  /** Called when a list request fails before the first listing. */
  unavailable?(): void;
}

/** Options of a {@link ScopeWatcher}. */
export type ScopeWatcherOptions = Omit<ListWatcherOptions, 'onUpdate'>;

/** The shortest time between two list requests, except those of {@link ScopeWatcher.refresh}. */
const MIN_LIST_INTERVAL_MS = 1_000;

/** A watch that yields nothing for this long is restarted, even if its driver reports no error. */
const SILENCE_TIMEOUT_MS = 3 * SIGN_OF_LIFE_MS;

const DEFAULT_LIST_TIMEOUT_MS = 5_000;

/** A reset this soon after its listing is an early one: after a gap, a watch lives longer. */
const EARLY_RESET_MS = 10_000;
/** As many early resets one after the other are logged. */
const MANY_EARLY_RESETS = 3;

/** How long {@link ScopeWatcher.close} waits for a watch to release its resources. */
const WATCH_END_TIMEOUT_MS = 1_000;

/**
 * Keeps the complete content of a scope current: lists it, then watches from the cursor of the listing, and lists again
 * after a gap.
 *
 * After an error the watcher keeps its content, marks it stale, and retries without limit. The content becomes empty only
 * if the registry reports it as empty.
 */
export class ScopeWatcher {
  private readonly content: WatchedContent;
  private readonly malformed: MalformedWarnings;
  private readonly backoff: Backoff;
  private readonly connection: SharedConnection;
  private readonly firstListing: Deferred<void> = deferred();
  private readonly lifetime = new AbortController();
  private readonly endingWatches = new Set<Promise<unknown>>();
  /** Aborted by {@link ScopeWatcher.refresh} to end the current watch or wait. */
  private interrupt = new AbortController();
  /** Settled by the next list request that starts. */
  private requested: Deferred<void> | undefined;
  private listed = false;
  private stale = true;
  private since: number | undefined;
  private error: Error | undefined;
  private lastHeard: number | undefined;
  private listedAt = -Infinity;
  private earlyResets = 0;
  private warned = false;
  private running: Promise<void> | undefined;

  /** @param contentOf makes the content, which reports malformed entries to its argument */
  constructor(
    private readonly options: ScopeWatcherOptions,
    contentOf: (malformed: MalformedSink) => WatchedContent,
  ) {
    const { clock, logger, registry } = options;
    const warnings = new WarnOnce(clock, logger, manyMalformed(registry.url));
    this.malformed = new MalformedWarnings(warnings, registry.url);
    this.content = contentOf(this.malformed);
    this.backoff = new Backoff(options.backoff ?? DEFAULT_BACKOFF, options.random);
    this.connection = sharedConnectionOf(options.registry, options);
  }

  /** Resolves after the first listing was reported. Rejects only with a {@link ClosedError}. */
  get ready(): Promise<void> {
    return this.firstListing.promise;
  }

  get state(): ListWatchState {
    // While this watcher waits for its turn to reconnect, the errors of other readers are more recent than its own.
    const error = isUnreachable(this.error)
      ? (this.connection.reconnect.lastError ?? this.error)
      : this.error;
    return {
      stale: this.stale,
      ...(this.since === undefined ? {} : { since: this.since }),
      ...(error === undefined ? {} : { error }),
      ...(this.lastHeard === undefined ? {} : { lastHeard: this.lastHeard }),
    };
  }

  /** Starts to list and watch. A second call does nothing. */
  start(): void {
    if (this.running || this.lifetime.signal.aborted) return;
    this.since = this.options.clock.now();
    this.running = this.run();
  }

  /**
   * Lists the scope again. Resolves after a list request that started after this call has been applied. Calls during a
   * running list request share the next one, since the running one may miss a change before the call.
   *
   * @throws the error of the list request; the watcher itself keeps retrying
   * @throws ClosedError after {@link ScopeWatcher.close}
   */
  refresh(): Promise<void> {
    if (this.lifetime.signal.aborted) return Promise.reject(this.closedError());
    this.requested ??= deferred();
    this.interrupt.abort();
    return this.requested.promise;
  }

  /** Ends the watch and all timers. A second call waits for the first. */
  async close(): Promise<void> {
    const closed = this.closedError();
    // One error for all signals: its stack trace is the main cost when thousands of watchers close together.
    this.lifetime.abort(closed);
    this.interrupt.abort(closed);
    await this.running;
    await Promise.all(this.endingWatches);
    this.malformed.close();
    this.firstListing.reject(closed);
    this.requested?.reject(closed);
  }

  private async run(): Promise<void> {
    const { from } = this.options;
    let known = from && this.take(from);
    while (!this.lifetime.signal.aborted) {
      const cursor = known ?? (await this.listInTurn());
      known = undefined;
      const waitMs = cursor === undefined ? this.backoffAfter(this.error) : await this.watch(cursor);
      await this.sleep(Math.max(waitMs, this.listedAt + MIN_LIST_INTERVAL_MS - this.options.clock.now()));
      await this.connection.reconnect.waitForProbe(this.interrupt.signal);
    }
  }

  /** Makes one list request when not too many others of the connection run. Undefined if it fails, and after a close. */
  private async listInTurn(): Promise<Cursor | undefined> {
    const { listSemaphore } = this.connection;
    return await listSemaphore.run(() => this.list(), this.lifetime.signal).catch(() => undefined);
  }

  /** Makes one list request, and settles the calls of {@link ScopeWatcher.refresh} before it. */
  private async list(): Promise<Cursor | undefined> {
    const { registry, scope, clock } = this.options;
    const requested = this.requested;
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
      this.connection.reconnect.attemptSucceeded();
      this.take(listing);
      requested?.resolve();
      return listing.cursor;
    } catch (error) {
      const closed = this.lifetime.signal.aborted;
      if (!closed) this.markStale(error as Error);
      requested?.reject(closed ? this.closedError() : (error as Error));
      return undefined;
    }
  }

  private take(listing: Listing): Cursor {
    this.listedAt = this.options.clock.now();
    this.content.replace(listing);
    this.report(true);
    this.markFresh();
    return listing.cursor;
  }

  /** Reads one watch until it ends. Returns the milliseconds to wait before the next list request. */
  private async watch(cursor: Cursor): Promise<number> {
    const { registry, scope, clock, intervalMs, causes = true } = this.options;
    const { signal } = this.interrupt;
    const stop = new AbortController();
    const watchdog = new Watchdog({
      clock,
      timeoutMs: Math.min(intervalMs ?? Infinity, SILENCE_TIMEOUT_MS),
      signal,
      what: `The watch on the ${scopeLabel(scope)} in ${registry.url}`,
    });
    let batches: AsyncIterator<WatchBatch, unknown> | undefined;
    try {
      batches = registry.watch(scope, cursor, stop.signal, { causes })[Symbol.asyncIterator]();
      for (;;) {
        const next = await watchdog.wait(batches.next());
        if (next.done === true)
          throw new Error(`The watch on the ${scopeLabel(scope)} ended without a reason.`);
        const batch = next.value;
        if (batch.kind === 'reset') {
          this.countReset(batch.reason);
          return 0;
        }
        this.recovered();
        this.lastHeard = clock.now();
        if (batch.kind === 'listing') {
          this.content.replace(batch.listing);
          this.report(true);
        } else if (batch.changes.length > 0) {
          this.content.apply(batch.changes);
          this.report(false);
        }
      }
    } catch (error) {
      if (signal.aborted) return 0;
      if (intervalMs !== undefined && clock.now() - (this.lastHeard ?? 0) >= intervalMs) return 0;
      this.markStale(toError(error));
      return this.backoff.next();
    } finally {
      watchdog.end();
      stop.abort(signal.reason);
      this.endWatch(batches);
    }
  }

  /** Returns 0 for an unreachable registry: the reconnect coordinator delays the next attempt then. */
  private backoffAfter(error: Error | undefined): number {
    return isUnreachable(error) ? 0 : this.backoff.next();
  }

  /** Ends a watch in the background. Only {@link ScopeWatcher.close} waits for it. */
  private endWatch(batches: AsyncIterator<WatchBatch, unknown> | undefined): void {
    if (!batches?.return) return;
    const end = batches.return.bind(batches);
    const ending = attempt(
      { clock: this.options.clock, timeoutMs: WATCH_END_TIMEOUT_MS, what: 'Ending a watch' },
      () => end(),
    ).catch(() => undefined);
    this.endingWatches.add(ending);
    void ending.then(() => this.endingWatches.delete(ending));
  }

  private async sleep(delayMs: number): Promise<void> {
    if (delayMs <= 0) return;
    await pause(this.options.clock, delayMs, this.interrupt.signal).catch(() => undefined);
  }

  private report(listed: boolean): void {
    this.listed = true;
    this.deliver(() => {
      this.content.report(listed);
    });
  }

  private deliver(run: () => void): void {
    try {
      run();
    } catch (error) {
      // An error of a listener must not count as an error of the registry.
      this.options.logger.error(
        `A listener for the ${scopeLabel(this.options.scope)} failed: ${messageOf(error)}`,
      );
    }
  }

  private markFresh(): void {
    this.lastHeard = this.options.clock.now();
    this.stale = false;
    this.since = undefined;
    this.error = undefined;
    this.firstListing.resolve();
  }

  private markStale(error: Error): void {
    const { clock, logger, registry, scope } = this.options;
    if (isUnreachable(error)) this.connection.reconnect.attemptFailed({ error });
    if (!this.stale) this.since = clock.now();
    this.stale = true;
    this.error = error;
    if (!this.listed)
      this.deliver(() => {
        this.content.unavailable?.();
      });
    if (this.warned) return;
    this.warned = true;
    const what = `the ${scopeLabel(scope)} in ${registry.url}`;
    logger.warn(
      this.listed
        ? `Lost the watch on ${what}; serving the last listing (entries: ${this.content.size}) and retrying: ${error.message}`
        : `Could not list ${what}; retrying: ${error.message}`,
      { event: 'watch-lost', registry: registry.url, ...scope },
    );
  }

  /** A reset is part of normal operation, but a registry that resets every watch is not: each change waits for a listing. */
  private countReset(reason: string): void {
    const { clock, logger, registry, scope } = this.options;
    this.earlyResets = clock.now() - this.listedAt < EARLY_RESET_MS ? this.earlyResets + 1 : 0;
    if (this.earlyResets !== MANY_EARLY_RESETS) return;
    logger.warn(
      `The registry ${registry.url} has reset the watch on the ${scopeLabel(scope)} ${MANY_EARLY_RESETS} times, each soon after a listing: ${reason}. It is listed again after each reset. Do all addresses of the registry belong to one cluster?`,
      { event: 'watch-resets', registry: registry.url, ...scope },
    );
  }

  /**
   * Called when a watch works. A list request alone does not count as a recovery: if lists succeed and watches fail, the
   * log would alternate between lost and restored.
   */
  private recovered(): void {
    this.backoff.reset();
    if (!this.warned) return;
    this.warned = false;
    const { logger, registry, scope } = this.options;
    logger.log(`Restored the watch on the ${scopeLabel(scope)} in ${registry.url}.`, {
      event: 'watch-restored',
      registry: registry.url,
      ...scope,
    });
  }

  private closedError(): ClosedError {
    return new ClosedError(`The list watcher of the ${scopeLabel(this.options.scope)}`);
  }
}
