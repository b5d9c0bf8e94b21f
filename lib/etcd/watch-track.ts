import type { IEvent } from 'etcd3';

/**
 * How far one watch has come. It resumes after the last *event* it was given, never after a header's revision: a
 * server's headers run ahead of the events it still owes.
 */
export class WatchTrack {
  private held: IEvent[] = [];

  /** @param position everything up to this revision is known; undefined until the server says where "now" is */
  constructor(public position: bigint | undefined) {}

  /** The revision to ask for: 0 stands for "from now on". */
  get start(): string {
    return this.position === undefined ? '0' : String(this.position + 1n);
  }

  /** The server has begun at `revision`; forgets the pieces of an answer that a lost stream never completed. */
  began(revision: bigint): void {
    this.held = [];
    this.position ??= revision;
  }

  /**
   * Takes an answer's events, in order.
   *
   * @param more whether the rest of the same revision is still to come
   * @returns the events that are new, once they are complete
   */
  accept(events: readonly IEvent[], more: boolean): readonly IEvent[] {
    for (const event of events) if (this.isNew(event)) this.held.push(event);
    if (more) return [];
    const complete = this.held;
    this.held = [];
    const last = complete.at(-1);
    if (last) this.position = BigInt(last.kv.mod_revision);
    return complete;
  }

  private isNew(event: IEvent): boolean {
    return this.position === undefined || BigInt(event.kv.mod_revision) > this.position;
  }
}
