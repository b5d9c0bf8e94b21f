import { Backoff, type BackoffOptions } from '../common/async/backoff.js';
import { type Timer } from '../common/clock.js';
import { RegistryRefusedError } from '../common/errors/index.js';
import { type Semaphore } from '../common/async/semaphore.js';
import { type EntryRecord, type EntryKey, entryKeyLabel, entryKeyOf } from '../registry/entry-record.js';
import { type RegistryEntry, type Session, type WriteResult } from '../registry/registry.js';
import { SessionGoneError } from '../registry/session-gone.error.js';
import { sameRecord } from '../registry/same-record.js';
import { AlreadyHeldError } from './already-held.error.js';
import { type RegistrationEvent, type RegistrationState } from './registration-status.js';
import { type FailureLog } from './failure-log.js';
import {
  type RegistrationInput,
  type RegistrationPlan,
  type RegistrationMachineState,
  type InitialRegistration,
  initialRegistration,
  planRegistration,
  stepRegistration,
} from './registration-machine.js';
import { RegistrationReporter } from './registration-reporter.js';
import { RegistrationSessions } from './registration-sessions.js';
import { type SessionSignal } from './session-machine.js';
import { type HeartbeatDeps, type SessionRunner } from './session-runner.js';
import { EntryRequests } from './entry-requests.js';
import { EntryWatch } from './entry-watch.js';
import { StateWaiters } from './state-waiters.js';

const RETRY_BACKOFF: BackoffOptions = Object.freeze({ baseMs: 100, capMs: 2_000 });

/** Events after which there is no point in waiting for the rest of a backoff. */
const URGENT: ReadonlySet<RegistrationInput['kind']> = new Set(['session', 'record', 'withdraw', 'resume']);

export interface RegistrationSettings extends InitialRegistration {
  /** Of all entries' requests. */
  readonly requests: Semaphore;
  readonly onEvent: (event: RegistrationEvent) => void;
  /** Called when the entry no longer needs a session that it moved away from. */
  readonly onMoved: () => void;
  /** Called once, when the entry no longer needs its session. */
  readonly onGone: () => void;
  readonly failures: FailureLog;
  /** What beats and events call it. */
  readonly key: string;
}

/** Runs the hold machine of one entry: writes it by a session, watches it, repairs it. */
export class Registration {
  readonly entryKey: EntryKey;

  private machine: RegistrationMachineState;
  private ackAt: number | undefined;
  private working = false;
  private retry: Timer | undefined;
  private stopped: 'paused' | 'stopped' | undefined;
  private readonly reporter: RegistrationReporter;
  private readonly sessions: RegistrationSessions;
  private readonly watch: EntryWatch;
  private readonly requests: EntryRequests;
  private readonly waiters = new StateWaiters();
  private readonly aborter = new AbortController();
  private readonly backoff: Backoff;

  constructor(
    private readonly deps: HeartbeatDeps,
    record: EntryRecord,
    private readonly options: RegistrationSettings,
  ) {
    this.entryKey = entryKeyOf(record);
    this.machine = initialRegistration(record, options);
    this.backoff = new Backoff(RETRY_BACKOFF, deps.random);
    this.reporter = new RegistrationReporter(options.key, options.onEvent);
    this.requests = new EntryRequests(deps, this.entryKey, this.aborter.signal);
    this.sessions = new RegistrationSessions(this.entryKey, {
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
    this.watch = new EntryWatch(deps, this.entryKey, (entry) => {
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

  get state(): RegistrationState {
    if (this.stopped) return this.stopped;
    const { phase } = this.machine;
    if (phase === 'withdrawn') return 'stopped';
    if (phase !== 'registered') return phase;
    return this.reporter.late ? 'late' : 'alive';
  }

  /** Monotonic milliseconds of the last acknowledged write or renewal of the entry; undefined before the first. */
  get lastAck(): number | undefined {
    if (this.ackAt === undefined || this.machine.phase !== 'registered') return this.ackAt;
    return Math.max(this.ackAt, this.sessions.current?.lastAck ?? 0);
  }

  /** Sessions whose entry in the entry key is this hold's own. */
  get sessionIds(): readonly string[] {
    const { session, formerSessions } = this.machine;
    return session === undefined ? formerSessions : [session, ...formerSessions];
  }

  start(session: SessionRunner): void {
    this.sessions.attach(session);
  }

  /** Writes `record` at once if it differs from what stands there. */
  update(record: EntryRecord): void {
    this.apply({ kind: 'record', record });
  }

  /** Resolves when the entry stands as it should, another holds it, or it was withdrawn. */
  async settled(signal: AbortSignal): Promise<void> {
    await this.waiters.wait(() => {
      const { phase, observed, desired } = this.machine;
      if (phase === 'standby' || phase === 'withdrawn') return true;
      return (
        phase === 'registered' && observed.kind === 'entry' && sameRecord(observed.entry.record, desired)
      );
    }, signal);
  }

  /** Looks after the entry once more: reads it where the watch cannot vouch for it. */
  tick(): void {
    this.apply({ kind: 'tick' });
    if (this.machine.phase === 'starting') return;
    // What came and went within one batch of the watch has left no trace in its news, but in what it holds.
    const { current } = this.watch;
    this.apply(current ? { kind: 'observed', entry: current.entry } : { kind: 'suspect' });
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
    const gone = this.machine.phase === 'withdrawn';
    this.stopped = 'stopped';
    this.options.failures.forget(this.entryKey);
    this.dispose();
    if (!gone) this.reporter.report({ kind: 'withdrawn' });
    await this.watch.stop();
  }

  private onSession(signal: SessionSignal, session: Session | undefined): void {
    this.reporter.renewed(signal, this.machine.phase === 'registered');
    if (signal === 'up' && session) this.apply({ kind: 'session', id: session.id });
    if (signal === 'expired') this.apply({ kind: 'session-lost', reason: 'expired' });
    if (signal === 'gone') this.apply({ kind: 'session-lost', reason: 'revoked' });
  }

  private async withdraw(how: 'paused' | 'stopped', signal: AbortSignal): Promise<void> {
    // What failed before is over; what fails from here on is the removal.
    this.options.failures.forget(this.entryKey);
    this.stopped = how;
    // Nothing has gone wrong with an entry that is kept and paused.
    if (how === 'paused') this.reporter.resolveFirst();
    else this.reporter.rejectFirst(withdrawnEarly(this.entryKey));
    const unwatched = this.watch.stop();
    // At once: a resume may follow before the watch has ended.
    this.apply({ kind: 'withdraw' });
    await unwatched;
    await this.waiters
      .wait(() => this.machine.phase === 'withdrawn' || this.machine.wanted, signal)
      .catch(() => undefined);
  }

  private dispose(): void {
    if (this.aborter.signal.aborted) return;
    const stopped = withdrawnEarly(this.entryKey);
    this.aborter.abort(stopped);
    this.retry?.cancel();
    this.retry = undefined;
    this.sessions.releaseAll();
    this.reporter.rejectFirst(stopped);
    this.options.onGone();
  }

  private apply(event: RegistrationInput): void {
    if (this.aborter.signal.aborted) return;
    if (URGENT.has(event.kind)) {
      this.retry?.cancel();
      this.retry = undefined;
    }
    this.step(event);
    this.kick();
  }

  private step(event: RegistrationInput): void {
    const { state, signals } = stepRegistration(this.machine, event);
    this.machine = state;
    for (const signal of signals) this.reporter.report(signal);
    this.releaseIfMoved();
    this.waiters.check();
    if (this.stopped !== 'stopped' || state.phase !== 'withdrawn') return;
    this.options.failures.succeeded(this.entryKey);
    this.dispose();
  }

  /** Releases the sessions that the entry has moved away from, once nothing of it stands by them. */
  private releaseIfMoved(): void {
    if (!this.sessions.moving) return;
    const { phase, observed } = this.machine;
    const own = observed.kind === 'entry' && observed.entry.owner === this.sessions.usable?.id;
    if (!own && phase !== 'standby' && phase !== 'withdrawn') return;
    this.sessions.releaseFormer();
    this.options.onMoved();
  }

  private kick(): void {
    if (this.working || this.retry || planRegistration(this.machine).kind === 'idle') return;
    this.working = true;
    void this.work().finally(() => {
      this.working = false;
      // What came in between the last look at the plan and here.
      if (this.canWork()) this.kick();
    });
  }

  private canWork(): boolean {
    const { session } = this.machine;
    return !this.aborter.signal.aborted && session !== undefined && this.sessions.usable?.id === session;
  }

  private async work(): Promise<void> {
    for (;;) {
      const plan = planRegistration(this.machine);
      const session = this.sessions.usable;
      if (plan.kind === 'idle' || !session || !this.canWork()) return;
      try {
        await this.options.requests.run(() => this.perform(plan, session));
        this.backoff.reset();
        this.options.failures.succeeded(this.entryKey);
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
    this.options.failures.failed(this.entryKey, error);
    const refused = error instanceof RegistryRefusedError || error instanceof AlreadyHeldError;
    // A removal has no later tick to wait for: without another attempt the entry would stay for ever.
    if (refused && this.machine.wanted) {
      this.step({ kind: 'refused' });
      return;
    }
    this.retry = this.deps.clock.after(this.backoff.next(), () => {
      this.retry = undefined;
      this.kick();
    });
  }

  private async perform(plan: RegistrationPlan, session: Session): Promise<void> {
    switch (plan.kind) {
      case 'read':
        this.found(await this.requests.read());
        return;
      case 'write': {
        const { record, version } = plan;
        const written = await this.write(session, record, version);
        if (session.id !== this.machine.session) return;
        if (!written.ok) {
          this.found(written.current);
          return;
        }
        this.ackAt = this.deps.clock.now();
        this.step({ kind: 'written', record, version: written.version });
        if (!this.stopped)
          this.watch.start({ record, version: written.version, owner: session.id }, written.cursor);
        return;
      }
      case 'remove':
        await this.remove(plan.version);
        this.step({ kind: 'removed' });
        return;
      case 'idle':
    }
  }

  private async write(
    session: Session,
    record: EntryRecord,
    version: string | undefined,
  ): Promise<WriteResult> {
    try {
      return await this.requests.write(session, record, version);
    } catch (error) {
      if (!(error instanceof RegistryRefusedError)) this.step({ kind: 'unanswered' });
      throw error;
    }
  }

  private async remove(version: string | undefined): Promise<void> {
    const { observed } = this.machine;
    const owner = observed.kind === 'entry' ? observed.entry.owner : undefined;
    for (const session of this.sessions.all)
      await this.requests.remove(session, session.id === owner ? version : undefined);
  }

  private found(entry: RegistryEntry | undefined): void {
    const owner = entry?.owner;
    if (owner !== undefined) {
      if (this.sessionIds.includes(owner)) this.ackAt = this.deps.clock.now();
      else if (this.machine.claim === 'refuse' && this.machine.wanted)
        throw new AlreadyHeldError(this.entryKey, owner);
    }
    this.step({ kind: 'read', entry });
    // An entry that waits for its entry key is watched too, so that it gets the entry key back.
    if (this.machine.phase !== 'starting' && !this.stopped) this.watch.start(entry, undefined);
  }
}

function withdrawnEarly(entryKey: EntryKey): DOMException {
  return new DOMException(
    `The ${entryKeyLabel(entryKey)} was withdrawn before its first write`,
    'AbortError',
  );
}
