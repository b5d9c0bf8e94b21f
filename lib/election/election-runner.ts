import { Backoff, type BackoffOptions } from '../common/async/backoff.js';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { type Clock, type Timer } from '../common/clock.js';
import { ClosedError } from '../common/errors/index.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { entryKeyId, entryKeyLabel, type KeyRecord, type PlainKey } from '../registry/entry-record.js';
import { ListWatcher } from '../registry/list-watcher.js';
import { type ListUpdate } from '../registry/list-watcher.types.js';
import { type Registry, type Session } from '../registry/registry.js';
import { isUnreachable } from '../registry/shared-connection.js';
import { SessionGoneError } from '../registry/session-gone.error.js';
import { type SessionSignal } from '../registration/session-machine.js';
import { type SessionListener, type SessionRunner } from '../registration/session-runner.js';
import { type Candidacy, type CandidacyListener } from './candidacy.js';
import { type Leader } from './election.js';
import { stepElection } from './election-machine.js';
import { deadlineOf, type ElectionPlan, planElection } from './election-plan.js';
import { encodeElectionRecord, sightingOf } from './election-record.js';
import { ElectionRequests } from './election-requests.js';
import {
  type ElectionEvent,
  type ElectionPhase,
  type ElectionState,
  INITIAL_ELECTION,
  leadUntil,
  type PendingWrite,
  phaseOf,
} from './election-state.js';
import { LongWaitWarning } from './long-wait-warning.js';
import { type OutageLog } from './outage-log.js';

/** Dependencies of an {@link ElectionRunner}. */
export interface ElectionRunnerDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Name of this process in the record, for operators. */
  readonly holder: string;
  /** The session of all elections and locks of this process. */
  readonly sessions: SessionRunner;
  readonly outages: OutageLog;
}

type Request = Exclude<ElectionPlan, { readonly kind: 'wait' }>;

/** While leadership may still be kept, retries are fast. */
const LATE_BACKOFF: BackoffOptions = Object.freeze({ baseMs: 50, capMs: 500 });

/** Receives what an {@link ElectionRunner} does. */
export interface RunnerListener {
  readonly onSignal: CandidacyListener;
  /** Called after each step, after its signals. */
  readonly onState?: (state: ElectionState) => void;
}

/** Runs the machine of one election: watches its key, and sends the requests that the machine plans, one at a time. */
export class ElectionRunner implements Candidacy {
  private current: ElectionState;
  private readonly entryKey: PlainKey;
  private readonly requests: ElectionRequests;
  private readonly watcher: ListWatcher;
  private readonly backoff: Backoff;
  private readonly longWait: LongWaitWarning;
  private readonly sessionListener: SessionListener;
  private readonly events: ElectionEvent[] = [];
  private attached = false;
  private inFlight: Promise<void> | undefined;
  private timer: Timer | undefined;
  private settled: Deferred<void> | undefined;
  private ended = false;
  /** Consecutive requests that have failed. */
  private failures = 0;

  constructor(
    private readonly deps: ElectionRunnerDeps,
    readonly name: string,
    private readonly listener: RunnerListener,
  ) {
    const { registry, clock, random, outages, sessions } = deps;
    // A record of another program may be seen before the session is open.
    this.current = { ...INITIAL_ELECTION, quietMs: sessions.ttl * 1_000 };
    this.entryKey = { kind: 'key', space: 'elections', key: name };
    this.requests = new ElectionRequests(registry, clock, this.entryKey);
    this.backoff = new Backoff(LATE_BACKOFF, random);
    this.longWait = new LongWaitWarning(deps.logger, {
      label: `${entryKeyLabel(this.entryKey)} in ${registry.url}`,
      field: 'ttl',
      respected: (own) =>
        `and candidates wait that long after its last change. The TTL of this process is ${own} s. If no instance has such a TTL, overwrite the record with an empty value: it is contested ${own} s later.`,
      refused: (own) => `and contested ${own} s after its last change`,
    });
    this.sessionListener = {
      onSession: (signal, session) => {
        this.onSession(signal, session);
      },
      // A record that is missing is noticed by the watch and by the next write.
      onMissing: () => undefined,
      onOpenFailed: () => undefined,
    };
    this.watcher = new ListWatcher({
      registry,
      scope: this.entryKey,
      clock,
      random,
      logger: outages.ofWatch(this.watchLabel, () => this.watcher.state.error),
      onUpdate: (update) => {
        this.onUpdate(update);
      },
    });
    this.watcher.start();
  }

  get state(): ElectionState {
    return this.current;
  }

  get leads(): boolean {
    return this.current.leading && this.deps.clock.now() < leadUntil(this.current);
  }

  get term(): string | undefined {
    return this.leads ? this.current.own?.term : undefined;
  }

  get leader(): Leader | undefined {
    const { leading, leader } = this.current;
    return leading && !this.leads ? undefined : leader;
  }

  get phase(): ElectionPhase {
    return phaseOf(this.current);
  }

  get campaigns(): boolean {
    return this.current.wanted;
  }

  /** Applies an event. One that a listener of another event causes is applied after it. */
  dispatch(event: ElectionEvent): void {
    this.events.push(event);
    if (this.events.length > 1) return;
    for (let next: ElectionEvent | undefined = event; next && !this.ended; next = this.events[0]) {
      this.step(next);
      this.events.shift();
    }
    if (!this.unsettled) {
      this.settled?.resolve();
      this.settled = undefined;
    }
    this.work();
  }

  /** Subject in the log of outages: the requests. The watch is another. */
  private get label(): string {
    return `election ${JSON.stringify(this.name)}`;
  }

  private get watchLabel(): string {
    return `watch of the ${this.label}`;
  }

  /** Whether the key may have a record of this process that is not released. */
  private get unsettled(): boolean {
    const { own, pending } = this.current;
    return own !== undefined || pending !== undefined || this.inFlight !== undefined;
  }

  private step(event: ElectionEvent): void {
    const { clock, random } = this.deps;
    const { state, signals } = stepElection(this.current, event, { now: clock.now(), jitter: random() });
    this.current = state;
    for (const signal of signals) this.listener.onSignal(signal);
    this.listener.onState?.(state);
    if (state.wanted) this.attach();
  }

  /** Resolves when the key has no record of this process that is not released. */
  async released(): Promise<void> {
    while (!this.ended && this.unsettled) {
      this.settled ??= deferred();
      await this.settled.promise;
    }
  }

  /** The record that this process has released, as long as the key still has it. */
  releasedRecord(): { readonly record: KeyRecord; readonly version: string } | undefined {
    const { seen, session } = this.current;
    if (typeof seen !== 'object' || seen.record?.released !== true || seen.owner !== session?.id)
      return undefined;
    return { record: { ...this.entryKey, value: encodeElectionRecord(seen.record) }, version: seen.version };
  }

  /** Stops at once: the record is left to expire. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.settled?.resolve();
    this.timer?.cancel();
    this.deps.sessions.delete(this.sessionListener);
    for (const label of [this.label, this.watchLabel]) this.deps.outages.forget(label);
    this.requests.close(new ClosedError(`The election "${this.name}"`));
    await Promise.all([this.inFlight, this.watcher.close()]);
  }

  private attach(): void {
    if (this.attached) return;
    this.attached = true;
    this.deps.sessions.add(this.sessionListener);
  }

  private onSession(signal: SessionSignal, session: Session | undefined): void {
    const { sessions, clock } = this.deps;
    const ackedAt = sessions.lastAck ?? clock.now();
    if (signal === 'up' && session)
      this.dispatch({ kind: 'session', id: session.id, ttlMs: session.ttl * 1_000, ackedAt });
    else if (signal === 'acknowledged' && session)
      this.dispatch({ kind: 'renewed', ttlMs: session.ttl * 1_000, ackedAt });
    else if (signal === 'gone') this.dispatch({ kind: 'session-gone' });
  }

  private onUpdate({ entries, listed, removed }: ListUpdate): void {
    const entry = entries.get(entryKeyId(this.entryKey));
    this.longWait.see(entry);
    // A session that expired by itself was not renewed for its TTL, so that its holder has stopped leading.
    const expired = removed.some(({ cause }) => cause === 'expired');
    this.dispatch({ kind: 'seen', sighting: entry && sightingOf(entry), certain: !listed || expired });
  }

  /** Sends the next request, or sets the timer for the next step. */
  private work(): void {
    this.timer?.cancel();
    this.timer = undefined;
    if (this.ended) return;
    const { wanted, own, session } = this.current;
    if (wanted && !own && session) this.longWait.check(session.ttlMs / 1_000, session.ttlMs / 1_000);
    const { clock } = this.deps;
    const now = clock.now();
    const plan = planElection(this.current, now);
    let until = deadlineOf(this.current);
    if (!this.inFlight) {
      if (plan.kind === 'wait') until = Math.min(until, plan.until);
      else this.start(plan);
    }
    if (until === Infinity) return;
    this.timer = clock.after(until - now, () => {
      this.timer = undefined;
      this.dispatch({ kind: 'tick' });
    });
  }

  private start(plan: Request): void {
    const session = this.deps.sessions.usable;
    if (!session || session.id !== this.current.session?.id) {
      // The next signal of the session plans the request again.
      this.inFlight = Promise.resolve().then(() => {
        this.inFlight = undefined;
        this.dispatch({ kind: 'failed', retryAfterMs: LATE_BACKOFF.capMs });
      });
      return;
    }
    this.inFlight = this.request(plan, session).then((event) => {
      this.inFlight = undefined;
      this.dispatch(event);
    });
  }

  private async request(plan: Request, session: Session): Promise<ElectionEvent> {
    const { clock } = this.deps;
    const ttlMs = session.ttl * 1_000;
    const write: PendingWrite = { beat: 'beat' in plan ? plan.beat : 1, sentAt: clock.now(), ttlMs };
    try {
      const event = await this.send(plan, session, write);
      this.recovered();
      return event;
    } catch (error) {
      return this.failed(plan, session, write, error as Error);
    }
  }

  private async send(plan: Request, session: Session, write: PendingWrite): Promise<ElectionEvent> {
    const bounds = { session, ttlMs: write.ttlMs };
    switch (plan.kind) {
      case 'read': {
        const entry = await this.requests.read(bounds);
        return { kind: 'read', sighting: entry && sightingOf(entry) };
      }
      case 'discard':
        await this.requests.send('Discarding', bounds, async (signal) =>
          this.deps.registry.discard?.(this.entryKey, plan.version, signal),
        );
        return { kind: 'discarded' };
      default:
        return await this.write(plan, session, write);
    }
  }

  private async write(
    plan: Extract<Request, { kind: 'create' | 'rewrite' | 'release' }>,
    session: Session,
    write: PendingWrite,
  ): Promise<ElectionEvent> {
    const { clock, holder } = this.deps;
    const { meta, own } = this.current;
    const since = plan.kind === 'create' || !own ? new Date(clock.wall()).toISOString() : own.since;
    const released = plan.kind === 'release';
    const record = { holder, ttlMs: write.ttlMs, beat: write.beat, meta, since, released };
    const value = encodeElectionRecord(record);
    const guard = plan.kind === 'create' ? undefined : plan.version;
    const term = own?.term;
    const result = await this.requests.send(
      released ? 'Releasing' : 'Writing',
      { session, ttlMs: write.ttlMs },
      (signal) => session.write({ ...this.entryKey, value }, guard, signal),
    );
    if (!result.ok) return { kind: 'conflict', sighting: result.current && sightingOf(result.current) };
    const { version, createRevision } = result;
    if (plan.kind === 'create')
      return { kind: 'created', version, term: createRevision, name: holder, since, write };
    if (!released) return { kind: 'written', version, write };
    return { kind: 'released', sighting: { version, owner: session.id, term, record } };
  }

  private failed(plan: Request, session: Session, write: PendingWrite, error: Error): ElectionEvent {
    if (this.ended) return { kind: 'tick' };
    if (error instanceof SessionGoneError) {
      this.deps.sessions.reportGone(session);
      return { kind: 'session-gone' };
    }
    this.failures += 1;
    // The failure of one member of a cluster is not logged.
    if (this.failures > 2 || !isUnreachable(error)) this.deps.outages.failed(this.label, error);
    const retryAfterMs = this.backoff.next();
    const writes = plan.kind !== 'read' && plan.kind !== 'discard';
    return writes ? { kind: 'unanswered', write, retryAfterMs } : { kind: 'failed', retryAfterMs };
  }

  private recovered(): void {
    this.backoff.reset();
    this.failures = 0;
    this.deps.outages.recovered(this.label);
  }
}
