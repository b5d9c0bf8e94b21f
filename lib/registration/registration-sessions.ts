import { type Session } from '../registry/registry.js';
import { type SessionSignal } from './session-machine.js';
import { type SessionListener, type SessionRunner } from './session-runner.js';

/** Receives what happens to the sessions of one registration. */
export interface RegistrationSessionsListener {
  /** Signals of the current session. Of the previous one only its loss, and only until the current one is up. */
  onSession(signal: SessionSignal, session: Session | undefined): void;
  /** The session is alive, but its entry is missing in the registry. */
  onMissing(): void;
  /** The watch of the current session has seen the entry with `version`; undefined: without an entry. */
  onObserved(version: string | undefined): void;
  onOpenFailed(error: Error): void;
}

/**
 * The session that a registration writes with, and the former sessions it moves away from. A former session stays
 * attached, and so alive, until the current one owns the entry: the entry is never absent in between.
 */
export class RegistrationSessions {
  private session: SessionRunner | undefined;
  /** The last session that was up. */
  private up: SessionRunner | undefined;
  private readonly attached = new Map<SessionRunner, SessionListener>();

  constructor(
    private readonly entryId: string,
    private readonly listener: RegistrationSessionsListener,
  ) {}

  get current(): SessionRunner | undefined {
    return this.session;
  }

  /** The session to write with, while one is alive. */
  get usable(): Session | undefined {
    return this.session?.usable;
  }

  /** Whether a former session is still attached. */
  get moving(): boolean {
    return this.attached.size > 1;
  }

  /** Every usable session that may own the entry. */
  get all(): readonly Session[] {
    return [...this.attached.keys()].flatMap(({ usable }) => usable ?? []);
  }

  /** Makes `session` the current one. */
  attach(session: SessionRunner): void {
    this.session = session;
    const before = this.attached.get(session);
    if (before) session.delete(before);
    const listener: SessionListener = {
      entryId: this.entryId,
      onSession: (signal, opened) => {
        this.onSignal(session, signal, opened);
      },
      onMissing: () => {
        this.listener.onMissing();
      },
      onObserved: (version) => {
        if (session === this.session) this.listener.onObserved(version);
      },
      onOpenFailed: (error) => {
        this.listener.onOpenFailed(error);
      },
    };
    this.attached.set(session, listener);
    session.add(listener);
  }

  /** Detaches every session but the current one. */
  releaseFormer(): void {
    this.release((session) => session !== this.session);
  }

  releaseAll(): void {
    this.release(() => true);
  }

  private release(which: (session: SessionRunner) => boolean): void {
    for (const [session, listener] of [...this.attached]) {
      if (!which(session)) continue;
      session.delete(listener);
      this.attached.delete(session);
    }
  }

  private onSignal(session: SessionRunner, signal: SessionSignal, opened: Session | undefined): void {
    const lost = signal === 'expired' || signal === 'gone';
    if (session !== this.session && !(lost && session === this.up)) return;
    if (signal === 'up') this.up = session;
    this.listener.onSession(signal, opened);
  }
}
