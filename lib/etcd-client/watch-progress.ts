import type { IEvent } from 'etcd3';
import { type EventFingerprint, fingerprintOf } from './event-fingerprint.js';

/**
 * How far one watch has come. It resumes after the last *event* it was given, never after a header's revision: a
 * server's headers run ahead of the events it still owes.
 */
export class WatchProgress {
  private fragments: IEvent[] = [];
  private resumes = false;
  private unverified = false;

  /**
   * @param position everything up to this revision is known; undefined until the server says where "now" is
   * @param last what happened last up to there, where that is known
   */
  constructor(
    public position: bigint | undefined,
    private last?: EventFingerprint,
  ) {}

  /** What happened last up to there, where that is known. */
  get fingerprint(): EventFingerprint | undefined {
    return this.last;
  }

  /**
   * The revision to ask for: 0 stands for "from now on". On another stream it begins with the last event it had, to see
   * whether the history is still the same.
   */
  get start(): string {
    if (this.position === undefined) return '0';
    return String(this.overlaps && this.fingerprint ? this.fingerprint.revision : this.position + 1n);
  }

  /** Whether the next stream begins with what is known already. */
  get overlaps(): boolean {
    return this.resumes && this.fingerprint !== undefined;
  }

  /**
   * The server has begun at `revision`, undefined where it does not say; forgets the pieces of an answer that a lost
   * stream never completed.
   */
  began(revision: bigint | undefined): void {
    this.fragments = [];
    this.position ??= revision;
    this.unverified = this.overlaps;
  }

  /** "Now" was at `revision`, for a watch that does not know yet. */
  startsAt(revision: bigint): void {
    this.position ??= revision;
  }

  /** The next stream is another than the one on which everything so far was learnt: it may lead to another store. */
  onAnotherStream(): void {
    this.resumes = true;
  }

  /** Goes on without a proof: what would give it was compacted. */
  forgetFingerprint(): void {
    this.last = undefined;
    this.unverified = false;
  }

  /**
   * Whether an answer shows another history than the one that was followed: what has to come first in it is missing.
   *
   * @param more whether the rest of the same revision is still to come
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
   * Takes an answer's events, in order.
   *
   * @param more whether the rest of the same revision is still to come
   * @returns the events that are new, once they are complete
   */
  accept(events: readonly IEvent[], more: boolean): readonly IEvent[] {
    for (const event of events) if (this.isNew(event)) this.fragments.push(event);
    if (more || this.fragments.length === 0) return [];
    const complete = this.fragments;
    this.fragments = [];
    const last = complete.at(-1);
    if (last) {
      this.position = BigInt(last.kv.mod_revision);
      this.last = fingerprintOf(last.kv, last.type);
    }
    return complete;
  }

  private isNew(event: IEvent): boolean {
    return this.position === undefined || BigInt(event.kv.mod_revision) > this.position;
  }
}
