import { type Clock, type Timer } from '../../common/clock.js';
import { type Candidacy, type CandidacyListener } from '../candidacy.js';
import { type DeposedReason, type Leader } from '../election.js';
import { sameLeader } from '../election-machine.js';
import { type ElectionCommand, type ElectionPhase, phaseOf } from '../election-state.js';
import { type SendElectionRequest } from './election-channel.js';
import { type CandidacyView } from './protocol.js';
import { SharedDeadline } from './shared-deadline.js';

/** What a {@link WorkerCandidacy} needs. */
export interface WorkerCandidacyDeps {
  readonly clock: Clock;
  readonly offsetMs: number;
  /** Until when the main thread counts as alive. */
  readonly alive: SharedDeadline;
  readonly send: SendElectionRequest;
}

/** Milliseconds between two checks while the worker reports leadership that this thread denies. */
const RETRY_MS = 200;

const NOTHING_KNOWN: CandidacyView = Object.freeze({
  term: undefined,
  endings: 0,
  reason: undefined,
  leader: undefined,
});

/**
 * A candidacy whose record the worker thread renews. Whether it leads is decided by the deadline in shared memory alone:
 * a blocked event loop reads no message of the worker, neither of a renewal nor of a loss.
 */
export class WorkerCandidacy implements Candidacy {
  private readonly deadline: SharedDeadline;
  private view = NOTHING_KNOWN;
  /** The term of this process, as far as the listener knows. */
  private leading: string | undefined;
  /** The leader that was last reported. */
  private shown: Leader | undefined;
  private wanted = false;
  private closed = false;
  private busy = false;
  private meta: Readonly<Record<string, string>> | undefined;
  private sent = 0;
  /** Number of the last command that changes the candidacy. Reports from before it are out of date. */
  private decisive = 0;
  private timer: Timer | undefined;
  private ended = false;

  constructor(
    private readonly deps: WorkerCandidacyDeps,
    private readonly name: string,
    private readonly listener: CandidacyListener,
  ) {
    this.deadline = new SharedDeadline(deps.offsetMs);
    void this.observe(deps.send).catch(() => undefined);
  }

  get leads(): boolean {
    return this.leading !== undefined && this.deps.clock.now() < this.until(this.leading);
  }

  get term(): string | undefined {
    return this.leads ? this.leading : undefined;
  }

  get leader(): Leader | undefined {
    const { term, leader } = this.view;
    // The view may not know yet that the own term has ended.
    return term === undefined || this.leads ? leader : undefined;
  }

  get phase(): ElectionPhase {
    const { closed, wanted, leads, leader } = this;
    return phaseOf({ closed, wanted, leading: leads, leader });
  }

  get campaigns(): boolean {
    return this.wanted;
  }

  dispatch(command: ElectionCommand): void {
    this.sent += 1;
    if (command.kind === 'busy') this.busy = command.busy;
    else {
      this.decisive = this.sent;
      this.wanted = command.kind === 'campaign' ? !this.closed : false;
      if (command.kind === 'campaign') this.meta = command.meta ?? this.meta;
      else {
        if (command.kind === 'shutdown') this.closed = true;
        this.depose(command.kind === 'shutdown' ? 'shutdown' : 'resigned');
      }
    }
    this.post(command);
  }

  async released(): Promise<void> {
    await this.deps.send({ kind: 'released', election: this.name }).catch(() => undefined);
  }

  /** Takes a report of the worker. */
  receive(applied: number, view: CandidacyView): void {
    if (this.ended || applied < this.decisive) return;
    const before = this.view;
    this.view = view;
    if (view.term !== this.leading || view.endings !== before.endings) this.depose(view.reason ?? 'expired');
    this.settle();
  }

  /** Reports a term that is lower than an earlier one. */
  wentBack(term: string, highest: string): void {
    this.listener({ kind: 'term-went-back', term, highest });
  }

  /** The worker has died: its session is not renewed any more. */
  lost(): void {
    this.deadline.renew();
    this.view = NOTHING_KNOWN;
    this.depose('session-gone');
    this.settle();
  }

  /** Sends a new worker what the former one knew. */
  async restore(send: SendElectionRequest): Promise<void> {
    const { name, meta, closed, wanted, busy } = this;
    // The new worker counts from here, and has reported nothing.
    this.decisive = 0;
    const commands: ElectionCommand[] = [];
    if (busy) commands.push({ kind: 'busy', busy });
    if (wanted) commands.push({ kind: 'campaign', meta });
    if (closed) commands.push({ kind: 'shutdown' });
    await Promise.all([
      this.observe(send),
      ...commands.map((command) =>
        send({ kind: 'command', election: name, number: (this.decisive = ++this.sent), command }),
      ),
    ]);
  }

  end(): void {
    this.ended = true;
    this.timer?.cancel();
  }

  private async observe(send: SendElectionRequest): Promise<void> {
    await send({ kind: 'candidacy', election: this.name, memory: this.deadline.memory });
  }

  private post(command: ElectionCommand): void {
    // Without a worker: the next one receives the state.
    void this.deps
      .send({ kind: 'command', election: this.name, number: this.sent, command })
      .catch(() => undefined);
  }

  /** Begins a term that the worker has reported, reports another leader, and waits for the end of the term. */
  private settle(): void {
    const { view, wanted, listener } = this;
    const { term } = view;
    const begins = term !== undefined && this.leading === undefined && wanted && this.isAhead(term);
    if (begins) this.leading = term;
    const { leader } = this;
    // A term that has ended is reported as such first.
    const changed = (this.leading === undefined || this.leads) && !sameLeader(leader, this.shown);
    if (begins || changed) this.shown = leader;
    if (begins) listener({ kind: 'elected', term });
    else if (changed) listener({ kind: 'leader' });
    this.schedule();
  }

  private schedule(): void {
    this.timer?.cancel();
    this.timer = undefined;
    if (this.ended) return;
    const { clock } = this.deps;
    if (this.leading === undefined && (this.view.term === undefined || !this.wanted)) return;
    const delayMs = this.leading === undefined ? RETRY_MS : this.until(this.leading) - clock.now();
    // A term that the worker has ended: its message follows.
    if (delayMs === -Infinity) return;
    this.timer = clock.after(Math.max(0, delayMs), () => {
      this.timer = undefined;
      this.look();
    });
  }

  /** The deadline has passed, unless the worker has moved it. */
  private look(): void {
    const { leading } = this;
    if (leading !== undefined && !this.isAhead(leading) && !this.deadline.isClear)
      this.depose(this.deps.clock.now() < this.deadline.until(leading) ? 'hung' : 'expired');
    this.settle();
  }

  private depose(reason: DeposedReason): void {
    const { leading } = this;
    if (leading === undefined) return;
    this.leading = undefined;
    this.shown = this.leader;
    this.listener({ kind: 'deposed', term: leading, reason });
  }

  private until(term: string): number {
    return Math.min(this.deadline.until(term), this.deps.alive.until());
  }

  private isAhead(term: string): boolean {
    return this.deps.clock.now() < this.until(term);
  }
}
