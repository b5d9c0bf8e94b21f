import { readFile, writeFile } from 'node:fs/promises';
import { monotonic } from '../../harness/wait.js';
import { type Event, type EventOf, type Happening } from './event.js';

/** Records all events of a run with monotonic times, in the order of the calls. */
export class Recorder {
  private readonly reported: Event[] = [];
  private calls = 0;

  /** @param now milliseconds of a monotonic clock; the machine's own by default */
  constructor(private readonly now: () => number = monotonic) {}

  /** Records something that happens now, or at `at` when it was seen elsewhere. */
  record(who: string, happening: Happening, at: number = this.now()): void {
    this.reported.push({ at, who, ...happening });
  }

  /** Records a call with its answer or error, whatever becomes of it. */
  async call<T>(who: string, what: string, run: () => Promise<T>): Promise<T> {
    const call = ++this.calls;
    this.record(who, { kind: 'call', call, what });
    try {
      const result = await run();
      this.record(who, { kind: 'answer', call, ok: true });
      return result;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.record(who, { kind: 'answer', call, ok: false, detail });
      throw error;
    }
  }

  /** Everything so far, by time. */
  get events(): readonly Event[] {
    return [...this.reported].sort((a, b) => a.at - b.at);
  }

  /** Keeps the recording as a file with one event a line. */
  async save(file: string): Promise<void> {
    await writeFile(file, this.events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }
}

/** Reads a file that {@link Recorder.save} wrote. */
export async function loadRecording(file: string): Promise<readonly Event[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Event);
}

/** The events of some kinds, narrowed to them. */
export function ofKind<K extends Happening['kind']>(events: readonly Event[], ...kinds: K[]): EventOf<K>[] {
  return events.filter((event): event is EventOf<K> => (kinds as string[]).includes(event.kind));
}

/** The names of all that something of a kind happened to, in the order they first appear. */
export function actors(events: readonly Event[], ...kinds: Happening['kind'][]): string[] {
  return [...new Set(ofKind(events, ...kinds).map(({ who }) => who))];
}
