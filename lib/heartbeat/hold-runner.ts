import { Backoff, type BackoffOptions } from '../kernel/backoff.js';
import { type Timer } from '../kernel/clock.js';
import { RegistryRefusedError } from '../kernel/errors/index.js';
import { type Gate } from '../kernel/gate.js';
import { type Item, type Slot, slotLabel, slotOf } from '../registry/item.js';
import { type Entry, type Session, type Written } from '../registry/registry.js';
import { SessionGoneError } from '../registry/session-gone.error.js';
import { sameItem } from '../registry/same-item.js';
import { AlreadyHeldError } from './already-held.error.js';
import { type BeatEvent, type BeatState } from './beat.js';
import { type FailureLog } from './failure-log.js';
import {
  type HoldEvent,
  type HoldPlan,
  type HoldState,
  type InitialHold,
  initialHold,
  planHold,
  stepHold,
} from './hold-machine.js';
import { HoldReporter } from './hold-reporter.js';
import { HoldSessions } from './hold-sessions.js';
import { type SessionSignal } from './session-machine.js';
import { type HeartbeatDeps, type SessionRunner } from './session-runner.js';
import { SlotRequests } from './slot-requests.js';
import { SlotWatch } from './slot-watch.js';
import { Waiters } from './waiters.js';

const REQUEST_BACKOFF: BackoffOptions = Object.freeze({ base: 100, cap: 2_000 });

/** Events after which there is no point in waiting for the rest of a backoff. */
const URGENT: ReadonlySet<HoldEvent['kind']> = new Set(['session', 'item', 'withdraw', 'resume']);

export interface HoldOptions extends InitialHold {
  /** Of all entries' requests. */
  readonly gate: Gate;
  readonly onEvent: (event: BeatEvent) => void;
  /** Called when the entry no longer needs a session that it moved away from. */
  readonly onMoved: () => void;
  /** Called once, when the entry no longer needs its session. */
  readonly onGone: () => void;
  readonly failures: FailureLog;
  /** What beats and events call it. */
  readonly key: string;
}

/** Runs the hold machine of one entry: writes it by a session, watches it, repairs it. */
export class HoldRunner {
  readonly slot: Slot;

  private state: HoldState;
  private ackAt: number | undefined;
  private working = false;
  private retry: Timer | undefined;
  private stopped: 'paused' | 'stopped' | undefined;
  private readonly reporter: HoldReporter;
  private readonly sessions: HoldSessions;
  private readonly watch: SlotWatch;
  private readonly requests: SlotRequests;
  private readonly waiters = new Waiters();
  private readonly aborter = new AbortController();
  private readonly backoff: Backoff;

  constructor(
    private readonly deps: HeartbeatDeps,
    item: Item,
    private readonly options: HoldOptions,
  ) {
    this.slot = slotOf(item);
    this.state = initialHold(item, options);
    this.backoff = new Backoff(REQUEST_BACKOFF, deps.random);
    this.reporter = new HoldReporter(options.key, options.onEvent);
    this.requests = new SlotRequests(deps, this.slot, this.aborter.signal);
    this.sessions = new HoldSessions(this.slot, {
      onSession: (signal, session) => {
        this.onSession(signal, session);
      },
      onMissing: () => {
        this.apply({ kind: 'suspect' });
      },
      onOpenFailed: (error) => {
        this.reporter.rejectFirst(error);
      },
    });
    this.watch = new SlotWatch(deps, this.slot, (entry) => {
      this.apply({ kind: 'observed', entry });
    });
  }

  /**
   * Settles with the first write, or with a pause before it: rejects with what went wrong, while the runner
   * retries.
   */
  get first(): Promise<void> {
    return this.reporter.first;
  }

  get key(): string {
    return this.options.key;
  }

  get beat(): BeatState {
    if (this.stopped) return this.stopped;
    const { phase } = this.state;
    if (phase === 'withdrawn') return 'stopped';
    if (phase !== 'held') return phase;
    return this.reporter.late ? 'late' : 'alive';
  }

  /** Monotonic milliseconds of the last acknowledged write or renewal of the entry; undefined before the first. */
  get lastAck(): number | undefined {
    if (this.ackAt === undefined || this.state.phase !== 'held') return this.ackAt;
    return Math.max(this.ackAt, this.sessions.current?.lastAck ?? 0);
  }

  /** Sessions whose entry in the slot is this hold's own. */
  get sessionIds(): readonly string[] {
    const { session, formerSessions } = this.state;
    return session === undefined ? formerSessions : [session, ...formerSessions];
  }

  start(session: SessionRunner): void {
    this.sessions.attach(session);
  }

  /** Writes `item` at once if it differs from what stands there. */
  put(item: Item): void {
    this.apply({ kind: 'item', item });
  }

  /** Resolves when the entry stands as it should, another holds it, or it was withdrawn. */
  async settled(signal: AbortSignal): Promise<void> {
    await this.waiters.wait(() => {
      const { phase, belief, item } = this.state;
      if (phase === 'standby' || phase === 'withdrawn') return true;
      return phase === 'held' && belief.kind === 'entry' && sameItem(belief.entry.item, item);
    }, signal);
  }

  /** Looks after the entry once more: reads it where the watch cannot vouch for it. */
  tick(): void {
    this.apply({ kind: 'tick' });
    if (this.state.phase === 'starting') return;
    // What came and went within one batch of the watch has left no trace in its news, but in what it holds.
    const { seen } = this.watch;
    this.apply(seen ? { kind: 'observed', entry: seen.entry } : { kind: 'suspect' });
  }

  /** Holds the entry by another session from now on. Resolves when it does; on abort it continues in the background. */
  async move(session: SessionRunner, signal: AbortSignal): Promise<void> {
    this.sessions.attach(session);
    this.releaseIfMoved();
    await this.waiters.wait(() => !this.sessions.moving, signal);
  }

  /** Takes the entry out of the registry. Resolves when it is gone; on abort it continues in the background. */
  async pause(signal: AbortSignal): Promise<void> {
    if (this.stopped) return;
    await this.withdraw('paused', signal);
  }

  /** Puts a paused entry back. */
  resume(): void {
    if (this.stopped !== 'paused') return;
    this.stopped = undefined;
    this.apply({ kind: 'resume' });
  }

  /** Takes the entry out of the registry for good. Resolves when it is gone; on abort it continues in the background. */
  async stop(signal: AbortSignal): Promise<void> {
    if (this.stopped === 'stopped') return;
    await this.withdraw('stopped', signal);
  }

  /** Ends at once without a word to the registry: the end of its session takes the entry away. */
  async abandon(): Promise<void> {
    const gone = this.state.phase === 'withdrawn';
    this.stopped = 'stopped';
    this.options.failures.forget(this.slot);
    this.dispose();
    if (!gone) this.reporter.tell({ kind: 'withdrawn' });
    await this.watch.stop();
  }

  private onSession(signal: SessionSignal, session: Session | undefined): void {
    this.reporter.renewed(signal, this.state.phase === 'held');
    if (signal === 'up' && session) this.apply({ kind: 'session', id: session.id });
    if (signal === 'expired') this.apply({ kind: 'session-lost', reason: 'expired' });
    if (signal === 'gone') this.apply({ kind: 'session-lost', reason: 'revoked' });
  }

  private async withdraw(how: 'paused' | 'stopped', signal: AbortSignal): Promise<void> {
    // What failed before is over; what fails from here on is the removal.
    this.options.failures.forget(this.slot);
    this.stopped = how;
    // Nothing has gone wrong with an entry that is kept and paused.
    if (how === 'paused') this.reporter.resolveFirst();
    else this.reporter.rejectFirst(withdrawnEarly(this.slot));
    const unwatched = this.watch.stop();
    // At once: a resume may follow before the watch has ended.
    this.apply({ kind: 'withdraw' });
    await unwatched;
    await this.waiters
      .wait(() => this.state.phase === 'withdrawn' || this.state.wanted, signal)
      .catch(() => undefined);
  }

  private dispose(): void {
    if (this.aborter.signal.aborted) return;
    const stopped = withdrawnEarly(this.slot);
    this.aborter.abort(stopped);
    this.retry?.cancel();
    this.retry = undefined;
    this.sessions.releaseAll();
    this.reporter.rejectFirst(stopped);
    this.options.onGone();
  }

  private apply(event: HoldEvent): void {
    if (this.aborter.signal.aborted) return;
    if (URGENT.has(event.kind)) {
      this.retry?.cancel();
      this.retry = undefined;
    }
    this.step(event);
    this.kick();
  }

  private step(event: HoldEvent): void {
    const { state, signals } = stepHold(this.state, event);
    this.state = state;
    for (const signal of signals) this.reporter.tell(signal);
    this.releaseIfMoved();
    this.waiters.look();
    if (this.stopped !== 'stopped' || state.phase !== 'withdrawn') return;
    this.options.failures.succeeded(this.slot);
    this.dispose();
  }

  /** Releases the sessions that the entry has moved away from, once nothing of it stands by them. */
  private releaseIfMoved(): void {
    if (!this.sessions.moving) return;
    const { phase, belief } = this.state;
    const own = belief.kind === 'entry' && belief.entry.owner === this.sessions.usable?.id;
    if (!own && phase !== 'standby' && phase !== 'withdrawn') return;
    this.sessions.releaseFormer();
    this.options.onMoved();
  }

  private kick(): void {
    if (this.working || this.retry || planHold(this.state).kind === 'idle') return;
    this.working = true;
    void this.work().finally(() => {
      this.working = false;
      // What came in between the last look at the plan and here.
      if (this.canWork()) this.kick();
    });
  }

  private canWork(): boolean {
    const { session } = this.state;
    return !this.aborter.signal.aborted && session !== undefined && this.sessions.usable?.id === session;
  }

  private async work(): Promise<void> {
    for (;;) {
      const plan = planHold(this.state);
      const session = this.sessions.usable;
      if (plan.kind === 'idle' || !session || !this.canWork()) return;
      try {
        await this.options.gate(() => this.perform(plan, session));
        this.backoff.reset();
        this.options.failures.succeeded(this.slot);
      } catch (error) {
        this.failed(error as Error, session);
        if (this.retry) return;
      }
    }
  }

  private failed(error: Error, session: Session): void {
    if (this.aborter.signal.aborted) return;
    if (error instanceof SessionGoneError) {
      this.sessions.current?.reportGone(session);
      return;
    }
    this.reporter.rejectFirst(error);
    this.options.failures.failed(this.slot, error);
    const refused = error instanceof RegistryRefusedError || error instanceof AlreadyHeldError;
    // A removal has no later tick to wait for: without another attempt the entry would stay for ever.
    if (refused && this.state.wanted) {
      this.step({ kind: 'refused' });
      return;
    }
    this.retry = this.deps.clock.after(this.backoff.next(), () => {
      this.retry = undefined;
      this.kick();
    });
  }

  private async perform(plan: HoldPlan, session: Session): Promise<void> {
    switch (plan.kind) {
      case 'read':
        this.found(await this.requests.read());
        return;
      case 'write': {
        const { item, version } = plan;
        const written = await this.write(session, item, version);
        if (session.id !== this.state.session) return;
        if (!written.ok) {
          this.found(written.current);
          return;
        }
        this.ackAt = this.deps.clock.now();
        this.step({ kind: 'written', item, version: written.version });
        if (!this.stopped)
          this.watch.start({ item, version: written.version, owner: session.id }, written.cursor);
        return;
      }
      case 'remove':
        await this.remove(plan.version);
        this.step({ kind: 'removed' });
        return;
      case 'idle':
    }
  }

  private async write(session: Session, item: Item, version: string | undefined): Promise<Written> {
    try {
      return await this.requests.write(session, item, version);
    } catch (error) {
      if (!(error instanceof RegistryRefusedError)) this.step({ kind: 'unanswered' });
      throw error;
    }
  }

  private async remove(version: string | undefined): Promise<void> {
    const { belief } = this.state;
    const owner = belief.kind === 'entry' ? belief.entry.owner : undefined;
    for (const session of this.sessions.all)
      await this.requests.remove(session, session.id === owner ? version : undefined);
  }

  private found(entry: Entry | undefined): void {
    const owner = entry?.owner;
    if (owner !== undefined) {
      if (this.sessionIds.includes(owner)) this.ackAt = this.deps.clock.now();
      else if (this.state.claim === 'refuse' && this.state.wanted)
        throw new AlreadyHeldError(this.slot, owner);
    }
    this.step({ kind: 'read', entry });
    // An entry that waits for its slot is watched too, so that it gets the slot back.
    if (this.state.phase !== 'starting' && !this.stopped) this.watch.start(entry, undefined);
  }
}

function withdrawnEarly(slot: Slot): DOMException {
  return new DOMException(`The ${slotLabel(slot)} was withdrawn before its first write`, 'AbortError');
}
