import { type Session } from '../registry/registry.js';
import { type SessionSignal } from './session-machine.js';
import { type SessionListener, type SessionRunner } from './session-runner.js';

/** Receives what happens to the sessions of one registration. */
export interface RegistrationSessionsListener {
  /** {@link entryKeyId} of the entry. */
  readonly entryId: string;
  /** Signals of the current session. Of the previous one only its loss, and only until the current one is up. */
  onSession(signal: SessionSignal, session: Session | undefined): void;
  /** The session is alive, but its entry is missing in the registry. */
  onMissing(): void;
  /** The watch of the current session has seen the entry with `version`; undefined: without an entry. */
  onObserved(version: string | undefined): void;
  onOpenFailed(error: Error): void;
}

/** A session that a registration listens to. */
class Attachment implements SessionListener {
  constructor(
    readonly session: SessionRunner,
    private readonly owner: RegistrationSessions,
  ) {}

  get entryId(): string {
    return this.owner.listener.entryId;
  }

  onSession(signal: SessionSignal, opened: Session | undefined): void {
    this.owner.onSignal(this.session, signal, opened);
  }

  onMissing(): void {
    this.owner.listener.onMissing();
  }

  onObserved(version: string | undefined): void {
    if (this.session === this.owner.current) this.owner.listener.onObserved(version);
  }

  onOpenFailed(error: Error): void {
    this.owner.listener.onOpenFailed(error);
  }
}

/**
 * The session that a registration writes with, and the former sessions it moves away from. A former session stays
 * attached, and so alive, until the current one owns the entry: the entry is never absent in between.
 */
export class RegistrationSessions {
  private session: SessionRunner | undefined;
  /** The last session that was up. */
  private up: SessionRunner | undefined;
  private attached: readonly Attachment[] = [];

  constructor(readonly listener: RegistrationSessionsListener) {}

  get current(): SessionRunner | undefined {
    return this.session;
  }

  /** The session to write with, while one is alive. */
  get usable(): Session | undefined {
    return this.session?.usable;
  }

  /** Whether a former session is still attached. */
  get moving(): boolean {
    return this.attached.length > 1;
  }

  /** Every usable session that may own the entry. */
  get all(): readonly Session[] {
    return this.attached.flatMap(({ session }) => session.usable ?? []);
  }

  /** Makes `session` the current one. */
  attach(session: SessionRunner): void {
    this.session = session;
    this.release((other) => other === session);
    const attachment = new Attachment(session, this);
    // `concat` makes an array of exact size.
    this.attached = this.attached.concat(attachment);
    session.add(attachment);
  }

  /** Detaches every session but the current one. */
  releaseFormer(): void {
    this.release((session) => session !== this.session);
  }

  releaseAll(): void {
    this.release(() => true);
  }

  /** Handles a signal of an attached session. */
  onSignal(session: SessionRunner, signal: SessionSignal, opened: Session | undefined): void {
    const lost = signal === 'expired' || signal === 'gone';
    if (session !== this.session && !(lost && session === this.up)) return;
    if (signal === 'up') this.up = session;
    this.listener.onSession(signal, opened);
  }

  private release(which: (session: SessionRunner) => boolean): void {
    const released = this.attached.filter(({ session }) => which(session));
    if (released.length === 0) return;
    this.attached = this.attached.filter(({ session }) => !which(session));
    for (const attachment of released) attachment.session.delete(attachment);
  }
}
