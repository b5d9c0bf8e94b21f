import { type BackoffOptions } from '../common/async/backoff.js';
import { RegistryRefusedError } from '../common/errors/index.js';
import { type EntryRecord, type EntryKey, entryKeyOf } from '../registry/entry-record.js';
import { type RegistryEntry, type Session, type WriteResult } from '../registry/registry.js';
import { SessionGoneError } from '../registry/session-gone.error.js';
import { AlreadyHeldError } from './already-held.error.js';
import { type RegistrationState } from './registration-status.js';
import {
  type RegistrationInput,
  type RegistrationPlan,
  type RegistrationMachineState,
  initialRegistration,
  isSettled,
  ownSessionIds,
  planRegistration,
  stepRegistration,
} from './registration-machine.js';
import { deregisteredEarly, RegistrationReporter } from './registration-reporter.js';
import { RegistrationSessions, type RegistrationSessionsListener } from './registration-sessions.js';
import { type SessionSignal } from './session-machine.js';
import { type SessionRunner } from './session-runner.js';
import { EntryChecks, isWatchedBySession } from './entry-checks.js';
import { EntryRequests } from './entry-requests.js';
import { EntryWatch } from './entry-watch.js';
import { OwnWrite } from './own-write.js';
import { type RegistrationRunnerDeps, type RegistrationRunnerSettings } from './registration-runner-deps.js';
import { ReconcileLoop, type ReconcileOutcome, type ReconcileWork } from './reconcile-loop.js';
import { type ValueTarget } from './value-updater.js';
import { watchesEntries } from './session-watch.js';
import { StateWaiters } from './state-waiters.js';

const RETRY_BACKOFF: BackoffOptions = Object.freeze({ baseMs: 100, capMs: 2_000 });

/** Inputs that end the wait for a retry. */
const URGENT: ReadonlySet<RegistrationInput['kind']> = new Set(['session', 'record', 'deregister', 'resume']);

/** Runs the registration machine of one entry: writes it with a session, watches it, and reconciles it. */
export class RegistrationRunner implements ValueTarget, ReconcileWork, RegistrationSessionsListener {
  readonly entryKey: EntryKey;
  readonly entryId: string;
  readonly key: string;
  readonly checks: EntryChecks;

  private machine: RegistrationMachineState;
  private ackAt: number | undefined;
  private stopped: 'paused' | 'stopped' | undefined;
  private readonly reporter: RegistrationReporter;
  private readonly sessions: RegistrationSessions;
  /** The watch on this entry alone. */
  private readonly watch: EntryWatch;
  private readonly requests: EntryRequests;
  private readonly waiters = new StateWaiters();
  private disposed = false;
  private readonly loop: ReconcileLoop;
  private readonly ownWrite: OwnWrite;

  constructor(
    private readonly deps: RegistrationRunnerDeps<RegistrationRunner>,
    record: EntryRecord,
    { key, entryId, ...initial }: RegistrationRunnerSettings,
  ) {
    this.key = key;
    this.entryId = entryId;
    this.entryKey = entryKeyOf(record);
    this.machine = initialRegistration(record, initial);
    this.loop = new ReconcileLoop(deps, RETRY_BACKOFF, this);
    this.reporter = new RegistrationReporter(key, this.entryKey, deps);
    this.requests = new EntryRequests(deps, this.entryKey);
    this.ownWrite = new OwnWrite(deps, this.entryKey);
    this.sessions = new RegistrationSessions(this);
    this.watch = new EntryWatch(deps, this.entryKey, this);
    this.checks = new EntryChecks(deps.sweeps, this);
    if (initial.paused !== true) return;
    this.stopped = 'paused';
    this.reporter.resolveFirst();
  }

  /** As {@link Registration.first}. */
  get first(): Promise<void> {
    return this.reporter.first;
  }

  /** The state for operators. */
  get state(): RegistrationState {
    if (this.stopped) return this.stopped;
    const { phase } = this.machine;
    if (phase === 'deregistered') return 'stopped';
    if (phase !== 'registered') return phase;
    return this.reporter.late ? 'late' : 'alive';
  }

  /** Monotonic milliseconds of the last acknowledged write or renewal of the entry; undefined before the first. */
  get lastAck(): number | undefined {
    if (this.ackAt === undefined || this.machine.phase !== 'registered') return this.ackAt;
    return Math.max(this.ackAt, this.sessions.current?.lastAck ?? 0);
  }

  /** Monotonic milliseconds when the entry expires without a further renewal; undefined while it is not registered. */
  get expiresAt(): number | undefined {
    return this.machine.phase === 'registered' ? this.sessions.current?.expiresAt : undefined;
  }

  /** Ids of the current session and of the earlier ones. */
  get sessionIds(): readonly string[] {
    return ownSessionIds(this.machine);
  }

  /** Starts to write with `session`. */
  start(session: SessionRunner): void {
    this.sessions.attach(session);
  }

  /** Sets the desired record. It is written at once if it differs from the entry in the registry. */
  update(record: EntryRecord): void {
    this.apply({ kind: 'record', record });
  }

  /**
   * Resolves when the registry has the desired record, another session owns the entry, or it was deregistered.
   *
   * @throws the reason of `signal`
   */
  async settled(signal: AbortSignal): Promise<void> {
    await this.waiters.wait(() => isSettled(this.machine), signal);
  }

  /** Retries a refused write, and checks the entry: reads it if the watch is not up to date. */
  check(): void {
    if (this.machine.refused) this.apply({ kind: 'tick' });
    if (this.machine.phase === 'starting' || isWatchedBySession(this.machine, this.sessions.usable)) return;
    // A change that was undone within one batch of the watch is not reported, but the watch has the final entry.
    const current = this.watch.current;
    this.apply(current ? { kind: 'observed', version: current.entry?.version } : { kind: 'suspect' });
  }

  /** Moves the entry to another session. Resolves when that session owns it; on abort it continues in the background. */
  async move(session: SessionRunner, signal: AbortSignal): Promise<void> {
    this.sessions.attach(session);
    this.checks.update(this.machine, this.sessions.usable);
    this.releaseIfMoved();
    await this.waiters.wait(() => !this.sessions.moving, signal);
  }

  /** Deregisters the entry until `resume`. Resolves when it is gone; on abort it continues in the background. */
  async pause(signal: AbortSignal): Promise<void> {
    if (this.stopped) return;
    await this.deregister('paused', signal);
  }

  /** Registers a paused entry again. */
  resume(): void {
    if (this.stopped !== 'paused') return;
    this.stopped = undefined;
    this.deps.failures.forget(this.entryKey);
    this.apply({ kind: 'resume' });
  }

  /** Deregisters the entry for good. Resolves when it is gone; on abort it continues in the background. */
  async stop(signal: AbortSignal): Promise<void> {
    if (this.stopped === 'stopped') return;
    await this.deregister('stopped', signal);
  }

  /** Ends without a request: the entry expires with its session. */
  async abandon(): Promise<void> {
    const gone = this.machine.phase === 'deregistered';
    this.stopped = 'stopped';
    this.deps.failures.forget(this.entryKey);
    this.dispose();
    if (!gone) this.reporter.report({ kind: 'deregistered' });
    await this.watch.stop();
  }

  /** Whether a request is needed, and possible now. */
  hasWork(): boolean {
    const { session } = this.machine;
    if (this.disposed || session === undefined || this.sessions.usable?.id !== session) return false;
    return planRegistration(this.machine).kind !== 'idle';
  }

  onMissing(): void {
    this.apply({ kind: 'observed', version: undefined });
  }

  onObserved(version: string | undefined): void {
    this.ownWrite.observed(version);
    this.apply({ kind: 'observed', version });
  }

  onOpenFailed(error: Error): void {
    this.reporter.rejectFirst(error);
  }

  onSession(signal: SessionSignal, session: Session | undefined): void {
    this.reporter.renewed(signal, this.machine.phase === 'registered');
    if (signal === 'up' && session) this.apply({ kind: 'session', id: session.id });
    if (signal === 'expired') this.apply({ kind: 'session-lost', reason: 'expired' });
    if (signal === 'gone') this.apply({ kind: 'session-lost', reason: 'revoked' });
  }

  private async deregister(how: 'paused' | 'stopped', signal: AbortSignal): Promise<void> {
    // Failures of the registration no longer matter; from here on only the removal can fail.
    this.deps.failures.forget(this.entryKey);
    this.stopped = how;
    // A pause before the first write is no failure.
    if (how === 'paused') this.reporter.resolveFirst();
    else this.reporter.rejectFirst(deregisteredEarly(this.entryKey));
    const unwatched = this.watch.stop();
    // Before the watch has ended, so that a `resume` meanwhile follows the deregistration.
    this.apply({ kind: 'deregister' });
    await unwatched;
    await this.waiters
      .wait(() => this.machine.phase === 'deregistered' || this.machine.wanted, signal)
      .catch(() => undefined);
  }

  private dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    const stopped = deregisteredEarly(this.entryKey);
    this.requests.abort(stopped);
    this.loop.cancelRetry();
    this.sessions.releaseAll();
    this.reporter.rejectFirst(stopped);
    this.deps.onGone(this);
  }

  private apply(event: RegistrationInput): void {
    if (this.disposed) return;
    if (URGENT.has(event.kind)) this.loop.cancelRetry();
    this.step(event);
    this.loop.kick();
  }

  private step(event: RegistrationInput): void {
    const { state, signals } = stepRegistration(this.machine, event);
    this.machine = state;
    for (const signal of signals) this.reporter.report(signal);
    this.checks.update(state, this.sessions.usable);
    this.releaseIfMoved();
    this.waiters.check();
    if (this.stopped !== 'stopped' || state.phase !== 'deregistered') return;
    this.deps.failures.succeeded(this.entryKey);
    this.dispose();
  }

  /** Releases the former sessions once they no longer own the entry. */
  private releaseIfMoved(): void {
    if (!this.sessions.moving) return;
    const { phase, observed } = this.machine;
    const own = observed.kind === 'entry' && observed.entry.owner === this.sessions.usable?.id;
    if (!own && phase !== 'standby' && phase !== 'deregistered') return;
    this.sessions.releaseFormer();
    this.deps.onMoved();
  }

  async run(): Promise<ReconcileOutcome> {
    const plan = planRegistration(this.machine);
    const session = this.sessions.usable;
    if (!session) return 'handled';
    try {
      await this.deps.requests.run(() => this.perform(plan, session));
      this.deps.failures.succeeded(this.entryKey);
      return 'succeeded';
    } catch (error) {
      return this.failed(error as Error, session);
    }
  }

  private failed(error: Error, session: Session): ReconcileOutcome {
    if (this.disposed) return 'handled';
    if (error instanceof SessionGoneError) {
      this.sessions.current?.reportGone(session);
      return 'handled';
    }
    this.reporter.rejectFirst(error);
    // The caller of an exclusive registration receives this error, and nothing is retried.
    if (!(error instanceof AlreadyHeldError)) this.deps.failures.failed(this.entryKey, error, this.machine);
    const refused = error instanceof RegistryRefusedError || error instanceof AlreadyHeldError;
    // A refused write waits for the next tick. A removal has no ticks: it is retried, or the entry would stay.
    if (!refused || !this.machine.wanted) return 'failed';
    this.step({ kind: 'refused' });
    return 'handled';
  }

  private async perform(plan: RegistrationPlan, session: Session): Promise<void> {
    switch (plan.kind) {
      case 'read':
        this.found(await this.requests.read(session));
        return;
      case 'write': {
        const { record, version } = plan;
        this.ownWrite.sent();
        const written = await this.write(session, record, version);
        if (session.id !== this.machine.session) return;
        if (!written.ok) {
          this.found(written.current);
          return;
        }
        this.ackAt = this.deps.clock.now();
        this.step({ kind: 'written', record, version: written.version, expected: version });
        if (watchesEntries(session)) this.afterWatchedWrite(written.version);
        else if (this.watch.started) this.ownWrite.acknowledged(written.version);
        else if (!this.stopped)
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

  /** The watch may have reported a change after the write before the write was answered. */
  private afterWatchedWrite(version: string): void {
    void this.watch.stop();
    if (!this.ownWrite.acknowledged(version)) this.step({ kind: 'suspect' });
  }

  private async write(session: Session, record: EntryRecord, version?: string): Promise<WriteResult> {
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
    // A registration in standby watches the entry too, to register again when the other session ends.
    const watched = isWatchedBySession(this.machine, this.sessions.usable);
    if (this.machine.phase !== 'starting' && !this.stopped && !watched) this.watch.start(entry, undefined);
  }
}
