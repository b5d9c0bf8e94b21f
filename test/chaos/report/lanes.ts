import { type Event } from '../recording/event.js';
import { actors, ofKind } from '../recording/recorder.js';

/** A stretch of time on a lane. */
export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly tone: 'good' | 'bad' | 'neutral';
  readonly label: string;
}

/** A moment on a lane. */
export interface Mark {
  readonly at: number;
  readonly tone: 'good' | 'bad' | 'neutral';
  readonly label: string;
}

/** One line of the timeline. */
export interface Lane {
  readonly name: string;
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
}

/** Draws a recording as lanes: faults first, then keys as readers saw them, states, watches and calls. */
export function lanesOf(recording: readonly Event[]): Lane[] {
  const end = recording.at(-1)?.at ?? 0;
  return [
    ...actors(recording, 'fault').map((who) => faultLane(recording, who, end)),
    ...[...new Set(ofKind(recording, 'reading').map(({ key }) => key))].map((key) => keyLane(recording, key)),
    ...actors(recording, 'state').map((who) => stateLane(recording, who)),
    ...actors(recording, 'watch-open', 'watch-batch', 'watch-listing', 'watch-reset').map((who) =>
      watchLane(recording, who),
    ),
    ...actors(recording, 'call').map((who) => callLane(recording, who, end)),
  ];
}

function faultLane(recording: readonly Event[], who: string, end: number): Lane {
  const bars: Bar[] = [];
  let open: { from: number; label: string } | undefined;
  for (const event of ofKind(recording, 'fault')) {
    if (event.who !== who) continue;
    if (open) bars.push({ ...open, to: event.at, tone: 'bad' });
    open = event.phase === 'begin' ? { from: event.at, label: event.what } : undefined;
  }
  if (open) bars.push({ ...open, to: end, tone: 'bad' });
  return { name: who, bars, marks: [] };
}

/** Neighbouring readings that agree become one bar. */
function keyLane(recording: readonly Event[], key: string): Lane {
  const bars: Bar[] = [];
  const readings = ofKind(recording, 'reading').filter((reading) => reading.key === key);
  let run: { from: number; to: number; present: boolean } | undefined;
  const close = (): void => {
    if (run)
      bars.push({
        from: run.from,
        to: run.to,
        tone: run.present ? 'good' : 'bad',
        label: run.present ? 'there' : 'gone',
      });
  };
  for (const { at, began, present } of readings) {
    if (run?.present === present) run.to = at;
    else {
      close();
      run = { from: began, to: at, present };
    }
  }
  close();
  return { name: `key ${key}`, bars, marks: [] };
}

function stateLane(recording: readonly Event[], who: string): Lane {
  const marks = ofKind(recording, 'state')
    .filter((event) => event.who === who)
    .map(({ at, state }): Mark => ({ at, label: state, tone: state === 'lost' ? 'bad' : 'neutral' }));
  return { name: who, bars: [], marks };
}

function watchLane(recording: readonly Event[], who: string): Lane {
  const marks = ofKind(recording, 'watch-open', 'watch-batch', 'watch-listing', 'watch-reset')
    .filter((event) => event.who === who)
    .map((event): Mark => {
      switch (event.kind) {
        case 'watch-open':
          return { at: event.at, tone: 'neutral', label: `opened after ${event.after}` };
        case 'watch-batch':
          return { at: event.at, tone: 'good', label: `${event.changes.length} changes up to ${event.upTo}` };
        case 'watch-listing':
          return { at: event.at, tone: 'neutral', label: `listed at ${event.revision}` };
        case 'watch-reset':
          return { at: event.at, tone: 'bad', label: `ended: ${event.reason}` };
      }
    });
  return { name: who, bars: [], marks };
}

function callLane(recording: readonly Event[], who: string, end: number): Lane {
  const answers = new Map(ofKind(recording, 'answer').map((answer) => [answer.call, answer]));
  const bars = ofKind(recording, 'call')
    .filter((call) => call.who === who)
    .map(({ at, call, what }): Bar => {
      const answer = answers.get(call);
      const label = answer?.detail ? `${what}: ${answer.detail}` : what;
      return { from: at, to: answer?.at ?? end, tone: answer?.ok ? 'good' : 'bad', label };
    });
  return { name: `calls of ${who}`, bars, marks: [] };
}
