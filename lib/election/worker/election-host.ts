import { type Clock } from '../../common/clock.js';
import { type SessionListener } from '../../registration/session-runner.js';
import { type ElectionRunner } from '../election-runner.js';
import { type ElectionSignal, type ElectionState, leadUntil } from '../election-state.js';
import { LocalBackend, type LocalBackendDeps } from '../local-backend.js';
import { LockLostError } from '../lock-lost.error.js';
import { type LockRun } from '../locks.js';
import {
  type CandidacyView,
  type ElectionReport,
  type ElectionRequest,
  type ElectionResult,
} from './protocol.js';
import { processTimeOffset, SharedDeadline } from './shared-deadline.js';

/** Dependencies of an {@link ElectionHost}. */
export interface ElectionHostDeps extends Omit<LocalBackendDeps, 'ttl'> {
  readonly clock: Clock;
  /** Milliseconds for which the main thread counts as alive after a sign of life. */
  readonly aliveMs: number;
  readonly report: (report: ElectionReport) => void;
  /**
   * Milliseconds from the clock of this thread to that of the process.
   *
   * @default measured
   */
  readonly offsetMs?: number;
}

interface Candidate {
  readonly runner: ElectionRunner;
  readonly apply: (number: number, command: Extract<ElectionRequest, { kind: 'command' }>['command']) => void;
}

/** What exists from the first request on. */
interface Opened {
  readonly backend: LocalBackend;
  /** Until when the main thread counts as alive. */
  readonly alive: SharedDeadline;
  /** Until when locks are held without a further acknowledgement. */
  readonly session: SharedDeadline;
}

/** Runs elections and locks in the worker thread, by commands of the main thread. */
export class ElectionHost {
  private readonly candidates = new Map<string, Candidate>();
  private readonly runs = new Map<number, LockRun>();
  private readonly offsetMs: number;
  private opened: Opened | undefined;
  private observing = false;
  private hangs = false;

  constructor(private readonly deps: ElectionHostDeps) {
    this.offsetMs = deps.offsetMs ?? processTimeOffset(deps.clock);
  }

  /** Performs a request. @throws Error when elections are not opened */
  async perform(request: ElectionRequest): Promise<ElectionResult | undefined> {
    if (request.kind === 'elections') {
      this.open(request);
      return undefined;
    }
    if (!this.opened) throw new Error('Expected elections to be opened by the first request.');
    const { backend } = this.opened;
    switch (request.kind) {
      case 'candidacy':
        this.campaigner(request.election, request.memory, backend);
        return undefined;
      case 'command':
        this.candidates.get(request.election)?.apply(request.number, request.command);
        return undefined;
      case 'released':
        await this.candidates.get(request.election)?.runner.released();
        return undefined;
      case 'observe-lock':
        this.observeSession();
        backend.locks.observe(request.lock);
        return undefined;
      case 'acquire-lock':
        return await this.acquire(request, backend);
      case 'end-lock':
        this.endLock(request, backend);
        return undefined;
      case 'close-elections':
        this.opened = undefined;
        await backend.close();
        return undefined;
    }
  }

  /** The main thread has shown a sign of life. */
  beat(): void {
    const { clock, aliveMs } = this.deps;
    this.opened?.alive.set(clock.now() + aliveMs);
  }

  /** The main thread hangs: its leadership ends, and the records are left as they are. */
  suspend(): void {
    this.hangs = true;
    for (const { runner } of this.candidates.values()) runner.dispatch({ kind: 'suspend', suspended: true });
  }

  /** The main thread runs again: it leads again where the record is still its own. */
  resume(): void {
    this.hangs = false;
    this.beat();
    for (const { runner } of this.candidates.values()) runner.dispatch({ kind: 'suspend', suspended: false });
  }

  private open({ ttl, alive, session }: Extract<ElectionRequest, { kind: 'elections' }>): void {
    this.opened = {
      backend: new LocalBackend({ ...this.deps, ttl }),
      alive: new SharedDeadline(this.offsetMs, alive),
      session: new SharedDeadline(this.offsetMs, session),
    };
    this.beat();
  }

  private campaigner(election: string, memory: SharedArrayBuffer, backend: LocalBackend): void {
    const deadline = new SharedDeadline(this.offsetMs, memory);
    let applied = 0;
    let endings = 0;
    let reason: CandidacyView['reason'];
    let sent = '';
    const show = (state: ElectionState): void => {
      const term = state.leading ? state.own?.term : undefined;
      if (term === undefined) deadline.clear();
      else deadline.set(leadUntil(state), term);
      const view: CandidacyView = { term, endings, reason, leader: state.leader };
      const { ttl } = backend;
      const key = JSON.stringify([view, applied, ttl]);
      if (key === sent) return;
      sent = key;
      this.deps.report({ kind: 'candidacy', election, applied, view, ttl });
    };
    const runner = backend.runner(election, {
      onSignal: (signal: ElectionSignal) => {
        if (signal.kind === 'deposed') {
          endings += 1;
          reason = signal.reason;
        } else if (signal.kind === 'term-went-back') this.deps.report({ election, ...signal });
      },
      onState: show,
    });
    const apply: Candidate['apply'] = (number, command) => {
      applied = number;
      runner.dispatch(command);
    };
    this.candidates.set(election, { runner, apply });
    if (this.hangs) runner.dispatch({ kind: 'suspend', suspended: true });
  }

  private async acquire(
    {
      lock,
      run: number,
      lockAtMostForMs,
      lockAtLeastForMs,
    }: Extract<ElectionRequest, { kind: 'acquire-lock' }>,
    { locks }: LocalBackend,
  ): Promise<ElectionResult> {
    this.observeSession();
    const acquired = await locks.acquire(lock, { lockAtMostForMs, lockAtLeastForMs });
    this.showSession();
    if (!acquired.granted) return acquired;
    const { run } = acquired;
    this.runs.set(number, run);
    run.signal.addEventListener('abort', () => {
      const { reason } = run.signal as { readonly reason: unknown };
      if (reason instanceof LockLostError)
        this.deps.report({ kind: 'lock-lost', run: number, reason: reason.reason });
    });
    return { granted: true, term: run.term };
  }

  private endLock(
    { run: number, unused }: Extract<ElectionRequest, { kind: 'end-lock' }>,
    { locks }: LocalBackend,
  ): void {
    const run = this.runs.get(number);
    this.runs.delete(number);
    // A run that is active has the lock of its name.
    if (unused && run?.isHeld) locks.abandon(run.name);
    else run?.end();
  }

  /** Shows each acknowledgement of the session from now on. */
  private observeSession(): void {
    if (this.observing || !this.opened) return;
    this.observing = true;
    const listener: SessionListener = {
      onSession: () => {
        this.showSession();
      },
      onMissing: () => undefined,
      onOpenFailed: () => undefined,
    };
    this.opened.backend.sessions.add(listener);
  }

  private showSession(): void {
    if (!this.opened) return;
    const { backend, session } = this.opened;
    const until = backend.locks.sessionEndsAt();
    if (until === -Infinity) session.clear();
    else session.set(until);
  }
}
