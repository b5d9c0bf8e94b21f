import type { IEvent } from 'etcd3';
import { type Witness, witnessOf } from './witness.js';

/**
 * How far one watch has come. It resumes after the last *event* it was given, never after a header's revision: a
 * server's headers run ahead of the events it still owes.
 */
export class WatchTrack {
  private held: IEvent[] = [];
  private resumes = false;
  private unproven = false;

  /**
   * @param position everything up to this revision is known; undefined until the server says where "now" is
   * @param last what happened last up to there, where that is known
   */
  constructor(
    public position: bigint | undefined,
    private last?: Witness,
  ) {}

  /** What happened last up to there, where that is known. */
  get witness(): Witness | undefined {
    return this.last;
  }

  /**
   * The revision to ask for: 0 stands for "from now on". On another stream it begins with the last event it had, to see
   * whether the history is still the same.
   */
  get start(): string {
    if (this.position === undefined) return '0';
    return String(this.overlaps && this.witness ? this.witness.revision : this.position + 1n);
  }

  /** Whether the next stream begins with what is known already. */
  get overlaps(): boolean {
    return this.resumes && this.witness !== undefined;
  }

  /**
   * The server has begun at `revision`, undefined where it does not say; forgets the pieces of an answer that a lost
   * stream never completed.
   */
  began(revision: bigint | undefined): void {
    this.held = [];
    this.position ??= revision;
    this.unproven = this.overlaps;
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
  forgetWitness(): void {
    this.last = undefined;
    this.unproven = false;
  }

  /**
   * Whether an answer shows another history than the one that was followed: what has to come first in it is missing.
   *
   * @param more whether the rest of the same revision is still to come
   */
  contradicts(events: readonly IEvent[], more: boolean): boolean {
    const { witness } = this;
    if (!this.unproven || !witness) return false;
    for (const event of events) {
      const { revision, digest } = witnessOf(event.kv, event.type);
      if (revision > witness.revision) return true;
      if (revision < witness.revision || digest !== witness.digest) continue;
      this.unproven = false;
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
    for (const event of events) if (this.isNew(event)) this.held.push(event);
    if (more || this.held.length === 0) return [];
    const complete = this.held;
    this.held = [];
    const last = complete.at(-1);
    if (last) {
      this.position = BigInt(last.kv.mod_revision);
      this.last = witnessOf(last.kv, last.type);
    }
    return complete;
  }

  private isNew(event: IEvent): boolean {
    return this.position === undefined || BigInt(event.kv.mod_revision) > this.position;
  }
}
