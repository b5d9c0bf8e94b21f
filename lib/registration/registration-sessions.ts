import { type EntryKey, entryKeyId } from '../registry/entry-record.js';
import { type Session } from '../registry/registry.js';
import { type SessionSignal } from './session-machine.js';
import { type SessionListener, type SessionRunner } from './session-runner.js';

/** What a hold learns of its sessions. */
export interface RegistrationSessionsListener {
  /** Of the current session; of the one before it, until the current one is up, only that it is lost. */
  onSession(signal: SessionSignal, session: Session | undefined): void;
  /** The registry no longer has the entry, though its session continues. */
  onMissing(): void;
  onOpenFailed(error: Error): void;
}

/**
 * The session that one hold writes by, and those that it moves away from. A former session stays attached, and so
 * alive, until the entry stands by the current one: the entry is never absent in between.
 */
export class RegistrationSessions {
  private session: SessionRunner | undefined;
  /** The session that was up last. */
  private up: SessionRunner | undefined;
  private readonly attached = new Map<SessionRunner, SessionListener>();

  constructor(
    private readonly entryKey: EntryKey,
    private readonly listener: RegistrationSessionsListener,
  ) {}

  get current(): SessionRunner | undefined {
    return this.session;
  }

  /** The session to write by, while there is one. */
  get usable(): Session | undefined {
    return this.session?.usable;
  }

  /** Whether there is a session that the hold moves away from. */
  get moving(): boolean {
    return this.attached.size > 1;
  }

  /** Each session that may hold the entry and can be used. */
  get all(): readonly Session[] {
    return [...this.attached.keys()].flatMap(({ usable }) => usable ?? []);
  }

  /** Writes by `session` from now on. */
  attach(session: SessionRunner): void {
    this.session = session;
    const before = this.attached.get(session);
    if (before) session.delete(before);
    const listener: SessionListener = {
      onSession: (signal, opened) => {
        this.onSignal(session, signal, opened);
      },
      onMissing: (entryKey) => {
        if (entryKeyId(entryKey) === entryKeyId(this.entryKey)) this.listener.onMissing();
      },
      onOpenFailed: (error) => {
        this.listener.onOpenFailed(error);
      },
    };
    this.attached.set(session, listener);
    session.add(listener);
  }

  /** Detaches from every session but the current one. */
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
