import { type Event, type EventOf, type PortChange } from '../recording/event.js';
import { actors, ofKind } from '../recording/recorder.js';
import { type Finding } from './finding.js';
import { type Members, membersId, membersLabel, type StoreState } from './store-states.js';

type MirrorEvent = EventOf<'mirror-listing' | 'mirror-open' | 'mirror-changes'>;

const KINDS = ['mirror-listing', 'mirror-open', 'mirror-changes'] as const;

/** Returns a mark that distinguishes the values of an entry. */
export type MarkOf = (value: string) => string;

/**
 * A true mirror: what the watch has built is at every cursor what the store held at that revision; the versions of what
 * it puts only rise; and nothing comes twice, after a resume neither.
 */
export function mirrors(
  recording: readonly Event[],
  states: readonly StoreState[],
  markOf: MarkOf = (value) => value,
): Finding[] {
  return actors(recording, ...KINDS).flatMap((who) => {
    const events = ofKind(recording, ...KINDS).filter((event) => event.who === who);
    return new Mirror(who, states, markOf).judge(events);
  });
}

class Mirror {
  private readonly findings: Finding[] = [];
  private readonly members = new Map<string, string>();
  private cursor = 0;
  private version = 0;

  constructor(
    private readonly who: string,
    private readonly states: readonly StoreState[],
    private readonly markOf: MarkOf,
  ) {}

  judge(events: readonly MirrorEvent[]): Finding[] {
    for (const event of events) {
      switch (event.kind) {
        case 'mirror-listing':
          this.members.clear();
          for (const { id, put } of event.entries) if (put) this.members.set(id, this.markOf(put.value));
          this.version = Math.max(0, ...event.entries.map(({ put }) => put?.version ?? 0));
          this.reach(event.revision, event.at);
          break;
        case 'mirror-open':
          if (event.after !== this.cursor)
            this.blame(
              event.at,
              `Expected to continue after revision ${this.cursor}, continued after ${event.after}.`,
            );
          break;
        case 'mirror-changes':
          for (const change of event.changes) this.take(change, event);
          this.reach(event.upTo, event.at);
      }
    }
    return this.findings;
  }

  private take({ id, put }: PortChange, { at, upTo }: EventOf<'mirror-changes'>): void {
    if (!put) {
      if (!this.members.delete(id)) this.blame(at, `Expected no delete of "${id}", which was gone already.`);
      return;
    }
    const { version } = put;
    // Several keys may be written at one revision.
    if (version < this.version || version <= this.cursor || version > upTo)
      this.blame(
        at,
        `Expected versions above ${Math.max(this.version, this.cursor)} and up to ${upTo}, got "${id}" at ${version}.`,
      );
    this.version = Math.max(this.version, version);
    this.members.set(id, this.markOf(put.value));
  }

  private reach(revision: number, at: number): void {
    if (revision < this.cursor)
      this.blame(at, `Expected a cursor of ${this.cursor} or later, got ${revision}.`);
    this.cursor = Math.max(this.cursor, revision);
    const held = this.states[this.indexAt(revision)]?.members ?? {};
    const built: Members = Object.fromEntries(this.members);
    if (membersId(held) !== membersId(built))
      this.blame(
        at,
        `Expected at revision ${revision} ${membersLabel(held)}, the watch made it ${membersLabel(built)}.`,
      );
  }

  /** The last state at or before a revision. */
  private indexAt(revision: number): number {
    let [low, high] = [0, this.states.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.states[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private blame(at: number, text: string): void {
    this.findings.push({ promise: 'a true mirror', who: this.who, at, text });
  }
}
