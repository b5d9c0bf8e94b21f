import type { IEvent } from 'etcd3';
import { type EventFingerprint, fingerprintOf } from './event-fingerprint.js';

/**
 * The position of one watch in the store's history. A watch resumes after the last *event* that it received, never after the revision of a
 * response header: headers may be ahead of events that the server has yet to send.
 */
export class WatchProgress {
  private fragments: IEvent[] = [];
  /** The revision of the last event in `fragments`. */
  private newest = 0n;
  private resumes = false;
  private unverified = false;

  /**
   * @param position the revision up to which all events are known; undefined until the server reports its own
   * @param last the fingerprint of the last event up to `position`, when it is known
   */
  constructor(
    public position: bigint | undefined,
    private last?: EventFingerprint,
  ) {}

  /** The fingerprint of the last known event; undefined when there is none. */
  get fingerprint(): EventFingerprint | undefined {
    return this.last;
  }

  /**
   * The start revision of the create request; `0` means the current revision. After a reconnection it is the revision
   * of the last known event, which the server then repeats unless its history has changed.
   */
  get start(): string {
    if (this.position === undefined) return '0';
    return String(this.overlaps && this.fingerprint ? this.fingerprint.revision : this.position + 1n);
  }

  /** Whether the next create request starts with an event that is known already. */
  get overlaps(): boolean {
    return this.resumes && this.fingerprint !== undefined;
  }

  /**
   * Handles the created response of the server. Drops fragments that a lost stream left incomplete.
   *
   * @param revision the server's revision; undefined when the response has none
   */
  began(revision: bigint | undefined): void {
    this.fragments = [];
    this.position ??= revision;
    this.unverified = this.overlaps;
  }

  /** Sets the position of a watch that started at the current revision, unless it is known already. */
  startsAt(revision: bigint): void {
    this.position ??= revision;
  }

  /** Handles a reconnection: the new stream may lead to another store, so the history has to be verified. */
  onAnotherStream(): void {
    this.resumes = true;
  }

  /** Resumes without verifying the history, because the event to compare with was compacted. */
  forgetFingerprint(): void {
    this.last = undefined;
    this.unverified = false;
  }

  /**
   * Whether a response shows a history other than the one that was watched: the last known event is missing from it.
   *
   * @param more whether further fragments of the same revision follow
   */
  contradicts(events: readonly IEvent[], more: boolean): boolean {
    const { fingerprint } = this;
    if (!this.unverified || !fingerprint) return false;
    for (const event of events) {
      const { revision, digest } = fingerprintOf(event.kv, event.type);
      if (revision > fingerprint.revision) return true;
      if (revision < fingerprint.revision || digest !== fingerprint.digest) continue;
      this.unverified = false;
      return false;
    }
    return !more;
  }

  /**
   * Accepts the events of a response, in order.
   *
   * @param more whether further fragments of the same revision follow
   * @returns the new events, once their revisions are complete
   */
  accept(events: readonly IEvent[], more: boolean): readonly IEvent[] {
    for (const event of events) {
      const revision = BigInt(event.kv.mod_revision);
      if (this.position !== undefined && revision <= this.position) continue;
      this.fragments.push(event);
      this.newest = revision;
    }
    if (more || this.fragments.length === 0) return [];
    const complete = this.fragments;
    this.fragments = [];
    const last = complete.at(-1);
    if (last) {
      this.position = this.newest;
      this.last = fingerprintOf(last.kv, last.type, this.newest);
    }
    return complete;
  }

  /** Returns the digest of the last event. Until it is read, the event and its whole response stay in memory. */
  releaseEvent(): string | undefined {
    return this.last?.digest;
  }
}
