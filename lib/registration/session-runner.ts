import { Backoff, type BackoffOptions } from '../common/async/backoff.js';
import { type ReconnectCoordinator } from '../common/async/reconnect-coordinator.js';
import { type Clock, type Timer } from '../common/clock.js';
import { CHANNELS } from '../common/diagnostics.js';
import { attempt } from '../common/async/deadline.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type EntryKey, entryKeyId } from '../registry/entry-record.js';
import { isUnreachable, sharedConnectionOf } from '../registry/shared-connection.js';
import { type Registry, type Session } from '../registry/registry.js';
import { SessionGoneError } from '../registry/session-gone.error.js';
import { RoundTrip } from './round-trip.js';
import { SessionWatch, watchesEntries } from './session-watch.js';
import {
  expiryOf,
  INITIAL_SESSION,
  planSession,
  type RenewalNeeds,
  renewalTimeoutMs,
  type SessionEvent,
  type SessionSignal,
  type SessionState,
  stepSession,
} from './session-machine.js';

/** Dependencies of a session runner and of the classes above it. */
export interface HeartbeatDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string | undefined;
}

/** Receives what happens to a session. One per entry. */
export interface SessionListener {
  /** {@link entryKeyId} of the entry; undefined for a listener without one. */
  readonly entryId?: string;
  /**
   * A listener with an `entryId` gets `acknowledged` only after `late`, or if diagnostics publish every renewal. Otherwise
   * nothing has changed for the entry, and a process may have thousands.
   */
  onSession(signal: SessionSignal, session: Session | undefined): void;
  /** The session is alive, but the registry does not have the entry. */
  onMissing(): void;
  /** The watch of the session has seen the entry with `version`; undefined: without an entry. Needs an `entryId`. */
  onObserved?(version: string | undefined): void;
  /** An attempt to open a session failed; it is retried. */
  onOpenFailed(error: Error): void;
}

/** Timeout of opening a session, or of renewing a lost one: long enough to try every member of a cluster once. */
const OPEN_TIMEOUT_MS = 5_000;

/** While the session may be alive, retries are fast: the next member is likely to answer. */
const LATE_BACKOFF: BackoffOptions = Object.freeze({ baseMs: 50, capMs: 500 });

/** After a loss all other clients reconnect too: spread the retries over 5 s, so that there is no thundering herd. */
const LOST_BACKOFF: BackoffOptions = Object.freeze({ baseMs: 250, capMs: 4_000 });

/** Runs the session machine against a registry: opens a session, renews it, and opens another one when it is gone. */
export class SessionRunner {
  private state: SessionState = INITIAL_SESSION;
  private session: Session | undefined;
  private timer: Timer | undefined;
  private readonly aborter = new AbortController();
  private readonly listeners = new Set<SessionListener>();
  /** Those without an entry. */
  private readonly withoutEntry = new Set<SessionListener>();
  /** The listeners of each entry. */
  private readonly byEntry = new Map<string, readonly SessionListener[]>();
  private watch: SessionWatch | undefined;
  private readonly late: Backoff;
  private readonly lost: Backoff;
  private readonly reconnect: ReconnectCoordinator;
  private working: Promise<void> | undefined;
  private warnedTtl: number | undefined;
  /** Why the registry refused the last session. */
  private refusal: Error | undefined;
  /** Whether that is logged already. */
  private refused = false;
  /** Whether the failure of a renewal is logged already. */
  private renewalFailed = false;
  private readonly roundTrip = new RoundTrip();

  /** @param ttl seconds to request */
  constructor(
    private readonly deps: HeartbeatDeps,
    readonly ttl: number,
    private readonly name: string,
  ) {
    this.late = new Backoff(LATE_BACKOFF, deps.random);
    this.lost = new Backoff(LOST_BACKOFF, deps.random);
    this.reconnect = sharedConnectionOf(deps.registry, deps).reconnect;
  }

  /** Monotonic milliseconds of the last acknowledged grant or renewal; undefined before the first. */
  get lastAck(): number | undefined {
    return this.state.ttl === 0 ? undefined : this.state.ackAt;
  }

  /** Monotonic milliseconds when the session expires without a further renewal; undefined before the first grant. */
  get expiresAt(): number | undefined {
    return this.state.ttl === 0 ? undefined : expiryOf(this.state);
  }

  /** The session to write with; undefined while there is none, or it has expired. */
  get usable(): Session | undefined {
    return this.state.phase === 'alive' || this.state.phase === 'late' ? this.session : undefined;
  }

  /** Number of listeners. A session without any can end. */
  get size(): number {
    return this.listeners.size;
  }

  add(listener: SessionListener): void {
    this.listeners.add(listener);
    const { entryId } = listener;
    if (entryId === undefined) this.withoutEntry.add(listener);
    else this.byEntry.set(entryId, this.byEntry.get(entryId)?.concat(listener) ?? [listener]);
    this.apply({ kind: 'needed' });
    this.startWatch();
    const session = this.usable;
    if (session) listener.onSession('up', session);
  }

  delete(listener: SessionListener): void {
    this.listeners.delete(listener);
    this.withoutEntry.delete(listener);
    const { entryId } = listener;
    if (entryId === undefined) return;
    const left = this.byEntry.get(entryId)?.filter((other) => other !== listener) ?? [];
    if (left.length > 0) this.byEntry.set(entryId, left);
    else this.byEntry.delete(entryId);
  }

  /** Reports that a write found `session` gone before a renewal did. */
  reportGone(session: Session): void {
    if (session === this.session) this.apply({ kind: 'gone' });
  }

  /** Ends the session and with it all its entries. Resolves when they are gone, or when `signal` is aborted. */
  async end(signal: AbortSignal): Promise<void> {
    if (this.state.phase === 'ended') return;
    this.apply({ kind: 'ended' });
    this.timer?.cancel();
    this.watch?.stop();
    this.aborter.abort();
    await this.working;
    const session = this.session;
    this.session = undefined;
    await session?.end(signal);
  }

  private apply(event: SessionEvent): void {
    const before = this.state.phase;
    const { state, signals } = stepSession(this.state, event, this.deps.clock.now());
    this.state = state;
    if (event.kind === 'gone') {
      this.watch?.stop();
      this.watch = undefined;
      this.session = undefined;
    }
    for (const signal of signals) {
      const unchanged =
        signal === 'acknowledged' && before === 'alive' && !CHANNELS.heartbeatRenewed.hasSubscribers;
      for (const listener of [...(unchanged ? this.withoutEntry : this.listeners)])
        listener.onSession(signal, this.session);
    }
    this.schedule();
  }

  /** Sets the timer for the next attempt or the expiry, whichever comes first. */
  private schedule(): void {
    this.timer?.cancel();
    this.timer = undefined;
    const plan = planSession(this.state);
    if (plan.kind === 'idle') return;
    const { phase } = this.state;
    const expiry = phase === 'alive' || phase === 'late' ? expiryOf(this.state) : Infinity;
    const at = this.working ? expiry : Math.min(plan.at, expiry);
    if (at === Infinity) return;
    this.timer = this.deps.clock.after(at - this.deps.clock.now(), () => {
      this.timer = undefined;
      this.apply({ kind: 'clock' });
      this.work();
    });
  }

  private work(): void {
    const plan = planSession(this.state);
    if (this.working || plan.kind === 'idle' || plan.at > this.deps.clock.now()) return;
    this.timer?.cancel();
    this.working = (plan.kind === 'open' ? this.open() : this.renew()).finally(() => {
      this.working = undefined;
      this.schedule();
    });
    this.schedule();
  }

  private async open(): Promise<void> {
    const { registry, clock, random } = this.deps;
    const sentAt = clock.now();
    // Not at the failure: with `failFast` it ends the session, and nothing is retried.
    this.warnOfRefusal();
    this.reconnect.attemptStarted();
    try {
      const session = await attempt(
        {
          clock,
          timeoutMs: OPEN_TIMEOUT_MS,
          signal: this.aborter.signal,
          what: `Opening a session at ${registry.url}`,
        },
        async (signal) => {
          const opened = await registry.openSession({ ttl: this.ttl, name: this.name }, signal);
          if (signal.aborted) await this.endAbandoned(opened);
          return opened;
        },
      );
      this.session = session;
      this.startWatch();
      this.roundTrip.opened(clock.now() - sentAt);
      this.checkTtl(session.ttl);
      this.recovered();
      this.apply({ kind: 'opened', sentAt, ttl: session.ttl, jitter: random() });
    } catch (error) {
      if (this.aborter.signal.aborted) return;
      const retryAfter = this.lost.next();
      if (isUnreachable(error)) this.reconnect.attemptFailed({ error, retryInMs: retryAfter });
      else this.refusal = error as Error;
      this.apply({ kind: 'failed', retryAfter });
      for (const listener of [...this.listeners]) listener.onOpenFailed(error as Error);
    }
  }

  private async renew(): Promise<void> {
    const { registry, clock, random, logger } = this.deps;
    const session = this.session;
    if (!session) return;
    const { lost, ttl } = this.state;
    const sentAt = clock.now();
    const timeoutMs = lost ? OPEN_TIMEOUT_MS : renewalTimeoutMs(ttl, this.needs(session));
    this.reconnect.attemptStarted();
    try {
      // Without a session the timeout does not depend on the round trip, so nothing follows from its end.
      const renewal = await this.roundTrip.measure(clock, lost ? Infinity : timeoutMs, () =>
        attempt(
          {
            clock,
            timeoutMs,
            signal: this.aborter.signal,
            what: `Renewing session ${session.id} at ${registry.url}`,
          },
          (signal) => session.renew(signal, lost),
        ),
      );
      this.checkTtl(renewal.ttl);
      this.recovered();
      if (renewal.ttl <= 0) this.apply({ kind: 'gone' });
      else this.apply({ kind: 'renewed', sentAt, ttl: renewal.ttl, jitter: random() });
      this.reportMissing(renewal.missing);
    } catch (error) {
      if (this.aborter.signal.aborted) return;
      if (error instanceof SessionGoneError) {
        this.reconnect.attemptSucceeded();
        this.apply({ kind: 'gone' });
        return;
      }
      const retryAfter = (this.state.lost ? this.lost : this.late).next();
      if (isUnreachable(error)) this.reconnect.attemptFailed({ error, retryInMs: retryAfter });
      this.apply({ kind: 'failed', retryAfter });
      if (this.renewalFailed) return;
      this.renewalFailed = true;
      logger.debug?.(
        `Renewing session ${session.id} at ${registry.url} failed; retrying (logged once until it succeeds): ${(error as Error).message}`,
      );
    }
  }

  private reportMissing(entryKeys: readonly EntryKey[]): void {
    for (const entryKey of entryKeys)
      for (const listener of this.byEntry.get(entryKeyId(entryKey)) ?? []) listener.onMissing();
  }

  /** Starts the watch of the session, unless there is no entry to watch. */
  private startWatch(): void {
    const { session } = this;
    if (this.watch?.session === session || this.byEntry.size === 0) return;
    this.watch?.stop();
    this.watch = undefined;
    if (!watchesEntries(session)) return;
    this.watch = new SessionWatch(this.deps, session, ({ entryKey, version }) => {
      for (const listener of this.byEntry.get(entryKeyId(entryKey)) ?? []) listener.onObserved?.(version);
    });
  }

  private needs({ renewTimeoutMs }: Session): RenewalNeeds {
    return {
      roundTripMs: this.roundTrip.ms,
      isPatient: this.roundTrip.isPatient,
      ...(renewTimeoutMs === undefined ? {} : { driverTimeoutMs: renewTimeoutMs }),
    };
  }

  /** Ends a session that was granted after the timeout, so that its lease is not leaked. */
  private async endAbandoned(session: Session): Promise<void> {
    const { registry, clock } = this.deps;
    const what = `Ending session ${session.id} at ${registry.url}`;
    await attempt({ clock, timeoutMs: OPEN_TIMEOUT_MS, what }, (signal) => session.end(signal)).catch(
      () => undefined,
    );
  }

  /** Warns once of a registry that responds and refuses. Outages are logged elsewhere. */
  private warnOfRefusal(): void {
    if (this.refused || !this.refusal) return;
    this.refused = true;
    const { registry, logger } = this.deps;
    logger.warn(
      `Opening a session at ${registry.url} failed; retrying (logged once until it succeeds): ${this.refusal.message}`,
    );
  }

  private recovered(): void {
    this.refused = false;
    this.refusal = undefined;
    this.renewalFailed = false;
    this.reconnect.attemptSucceeded();
    this.late.reset();
    this.lost.reset();
  }

  private checkTtl(granted: number): void {
    if (granted === this.ttl || granted === this.warnedTtl) return;
    this.warnedTtl = granted;
    const { registry, logger } = this.deps;
    logger.warn(
      `The registry ${registry.url} granted a TTL of ${granted} s instead of the requested ${this.ttl} s; using the granted one.`,
    );
  }
}
