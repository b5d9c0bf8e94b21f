import { type Event, type EventOf, type KeyChange } from '../recording/event.js';
import { actors, ofKind } from '../recording/recorder.js';

export type WatchEvent = EventOf<'watch-open' | 'watch-batch' | 'watch-listing' | 'watch-reset'>;

/** Everything one watch did. */
export interface WatchLog {
  readonly who: string;
  readonly events: readonly WatchEvent[];
}

/** The input of a watch validator: the recording and the store's own history. */
export interface WatchEvidence {
  readonly recording: readonly Event[];
  /** Every change the store made to the watched keys, in the store's order. */
  readonly history: readonly KeyChange[];
}

/** The watches of a recording, each by itself. */
export function watchLogs(recording: readonly Event[]): WatchLog[] {
  const kinds = ['watch-open', 'watch-batch', 'watch-listing', 'watch-reset'] as const;
  const all = ofKind(recording, ...kinds);
  return actors(recording, ...kinds).map((who) => ({
    who,
    events: all.filter((event) => event.who === who),
  }));
}

/** A stretch of a watch within which nothing may be missing: it ends where a listing takes over. */
export interface Stretch {
  /** The watch must deliver every event after this revision. */
  readonly after: number;
  readonly events: readonly WatchEvent[];
}

/** Cuts a log where a full listing takes the place of history. */
export function stretches(log: WatchLog): Stretch[] {
  const found: { after: number; events: WatchEvent[] }[] = [];
  for (const event of log.events) {
    if (event.kind === 'watch-listing') found.push({ after: event.revision, events: [] });
    else if (event.kind === 'watch-open' && found.length === 0)
      found.push({ after: event.after, events: [event] });
    else found.at(-1)?.events.push(event);
  }
  return found;
}

/** One change as a person reads it. */
export function label({ key, kind, revision }: KeyChange): string {
  return `${kind} of "${key}" at revision ${revision}`;
}

/** One string a change. */
export function identity({ key, kind, revision }: KeyChange): string {
  return `${revision}\0${kind}\0${key}`;
}
