import { Backoff, type BackoffOptions } from '../kernel/backoff.js';
import { type Timer } from '../kernel/clock.js';
import { type Deferred, deferred } from '../kernel/deferred.js';
import { RegistryRefusedError } from '../kernel/errors/index.js';
import { type Gate } from '../kernel/gate.js';
import { type Item, type Slot, slotId, slotLabel, slotOf } from '../registry/item.js';
import { type Entry, type Session } from '../registry/registry.js';
import { SessionGoneError } from '../registry/session-gone.error.js';
import { sameItem } from '../registry/same-item.js';
import { AlreadyHeldError } from './already-held.error.js';
import { type BeatEvent, type BeatState } from './beat.js';
import {
  type HoldEvent,
  type HoldPlan,
  type HoldSignal,
  type HoldState,
  initialHold,
  planHold,
  stepHold,
} from './hold-machine.js';
import { type SessionSignal } from './session-machine.js';
import { type HeartbeatDeps, type SessionListener, type SessionRunner } from './session-runner.js';
import { SlotRequests } from './slot-requests.js';
import { SlotWatch } from './slot-watch.js';
import { Waiters } from './waiters.js';

const REQUEST_BACKOFF: BackoffOptions = Object.freeze({ base: 100, cap: 2_000 });

/** Events after which there is no point in waiting for the rest of a backoff. */
const URGENT: ReadonlySet<HoldEvent['kind']> = new Set(['session', 'item', 'withdraw', 'resume']);

export interface HoldOptions {
  /** Refuse to start while another live session holds the slot. */
  readonly exclusive: boolean;
  /** Of all entries' requests. */
  readonly gate: Gate;
  readonly onEvent: (event: BeatEvent) => void;
  /** Called once, when the entry no longer needs its session. */
  readonly onGone: () => void;
  /** What beats and events call it. */
  readonly key: string;
}

/** Runs the hold machine of one entry: writes it by a session, watches it, puts it right. */
export class HoldRunner {
  readonly slot: Slot;

  private state: HoldState;
  private session: SessionRunner | undefined;
  private detach: (() => void) | undefined;
  private late = false;
  private ackAt: number | undefined;
  private working = false;
  private retry: Timer | undefined;
  private stopped: 'paused' | 'stopped' | undefined;
  private readonly watch: SlotWatch;
  private readonly requests: SlotRequests;
  private readonly waiters = new Waiters();
  private readonly firstWrite: Deferred<void> = deferred();
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
    this.requests = new SlotRequests(deps, this.slot, this.aborter.signal);
    this.watch = new SlotWatch(deps, this.slot, (entry) => {
      this.apply({ kind: 'observed', entry });
    });
  }

  /**
   * Settles with the first write, or with a pause before it: rejects with what went wrong, while the runner goes on
   * trying.
   */
  get first(): Promise<void> {
    return this.firstWrite.promise;
  }

  get key(): string {
    return this.options.key;
  }

  get beat(): BeatState {
    if (this.stopped) return this.stopped;
    const { phase } = this.state;
    if (phase === 'withdrawn') return 'stopped';
    if (phase !== 'held') return phase;
    return this.late ? 'late' : 'alive';
  }

  /** Monotonic milliseconds of the last acknowledged write or renewal of the entry; undefined before the first. */
  get lastAck(): number | undefined {
    if (this.ackAt === undefined || this.state.phase !== 'held') return this.ackAt;
    return Math.max(this.ackAt, this.session?.lastAck ?? 0);
  }

  start(session: SessionRunner): void {
    this.attach(session);
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

  /** Holds the entry by another session from now on. Resolves when it does: the former one may then be ended. */
  async move(session: SessionRunner, signal: AbortSignal): Promise<void> {
    const detachFormer = this.detach;
    this.attach(session);
    try {
      await this.waiters.wait(() => {
        const { belief } = this.state;
        return belief.kind === 'entry' && belief.entry.owner === session.usable?.id;
      }, signal);
    } finally {
      detachFormer?.();
    }
  }

  /** Takes the entry out of the registry. Resolves when it is gone; on abort it goes on in the background. */
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

  /** Takes the entry out of the registry for good. Resolves when it is gone; on abort it goes on in the background. */
  async stop(signal: AbortSignal): Promise<void> {
    if (this.stopped === 'stopped') return;
    await this.withdraw('stopped', signal);
  }

  /** Ends at once without a word to the registry: the end of its session takes the entry away. */
  async abandon(): Promise<void> {
    const gone = this.state.phase === 'withdrawn';
    this.stopped = 'stopped';
    this.dispose();
    await this.watch.stop();
    if (!gone) this.options.onEvent({ type: 'stopped', key: this.key });
  }

  private attach(session: SessionRunner): void {
    this.session = session;
    const listener: SessionListener = {
      onSession: (signal, opened) => {
        // A session that the entry is moving away from only keeps it alive meanwhile.
        if (session === this.session) this.onSession(signal, opened);
      },
      onMissing: (slot) => {
        if (slotId(slot) === slotId(this.slot)) this.apply({ kind: 'suspect' });
      },
      onOpenFailed: (error) => {
        this.failFirst(error);
      },
    };
    this.detach = () => {
      session.delete(listener);
    };
    session.add(listener);
  }

  private onSession(signal: SessionSignal, session: Session | undefined): void {
    const { late } = this;
    this.late = signal === 'late';
    switch (signal) {
      case 'up':
        if (session) this.apply({ kind: 'session', id: session.id });
        return;
      case 'acknowledged':
        if (late && this.state.phase === 'held') this.emit({ type: 'alive', key: this.key });
        return;
      case 'late':
        if (!late && this.state.phase === 'held') this.emit({ type: 'late', key: this.key });
        return;
      case 'expired':
      case 'gone':
        this.apply({ kind: 'session-lost', reason: signal === 'gone' ? 'revoked' : 'expired' });
    }
  }

  private async withdraw(how: 'paused' | 'stopped', signal: AbortSignal): Promise<void> {
    this.stopped = how;
    // Nothing has gone wrong with an entry that is kept and paused.
    if (how === 'paused') this.firstWrite.resolve();
    else
      this.failFirst(
        new DOMException(`The ${slotLabel(this.slot)} was withdrawn before its first write`, 'AbortError'),
      );
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
    const stopped = new DOMException(
      `The ${slotLabel(this.slot)} was stopped before its first write`,
      'AbortError',
    );
    this.aborter.abort(stopped);
    this.retry?.cancel();
    this.retry = undefined;
    this.detach?.();
    this.failFirst(stopped);
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
    for (const signal of signals) this.tell(signal);
    this.waiters.look();
    if (this.stopped === 'stopped' && state.phase === 'withdrawn') this.dispose();
  }

  private tell(signal: HoldSignal): void {
    const { key } = this;
    switch (signal.kind) {
      case 'alive':
      case 'restored':
        this.firstWrite.resolve();
        this.emit({ type: signal.kind, key });
        return;
      case 'lost':
        this.emit({ type: 'lost', key, reason: signal.reason });
        return;
      case 'withdrawn':
        this.emit({ type: 'stopped', key });
    }
  }

  private emit(event: BeatEvent): void {
    this.options.onEvent(event);
  }

  private failFirst(error: Error): void {
    this.firstWrite.reject(error);
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
    return !this.aborter.signal.aborted && session !== undefined && this.session?.usable?.id === session;
  }

  private async work(): Promise<void> {
    for (;;) {
      const plan = planHold(this.state);
      const session = this.session?.usable;
      if (plan.kind === 'idle' || !session || !this.canWork()) return;
      try {
        await this.options.gate(() => this.perform(plan, session));
        this.backoff.reset();
      } catch (error) {
        this.failed(error as Error, session);
        if (this.retry) return;
      }
    }
  }

  private failed(error: Error, session: Session): void {
    if (this.aborter.signal.aborted) return;
    if (error instanceof SessionGoneError) {
      this.session?.reportGone(session);
      return;
    }
    this.failFirst(error);
    this.deps.logger.warn(`Keeping the ${slotLabel(this.slot)} failed: ${error.message}`);
    if (error instanceof RegistryRefusedError || error instanceof AlreadyHeldError) {
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
        const written = await this.requests.write(session, item, version);
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
        await this.requests.remove(session);
        this.step({ kind: 'removed' });
        return;
      case 'idle':
    }
  }

  private found(entry: Entry | undefined): void {
    const { phase, session, formerSessions } = this.state;
    const owner = entry?.owner;
    if (owner !== undefined) {
      const ours = owner === session || formerSessions.includes(owner);
      if (ours) this.ackAt = this.deps.clock.now();
      else if (this.options.exclusive && phase === 'starting') throw new AlreadyHeldError(this.slot, owner);
    }
    this.step({ kind: 'read', entry });
    // Whoever stands by watches too, to have the slot back.
    if (this.state.phase !== 'starting' && !this.stopped) this.watch.start(entry, undefined);
  }
}
