import { monotonic, sleep } from '../../harness/wait.js';
import { type Recorder } from '../recording/recorder.js';
import { type Store } from './store.js';

/** Milliseconds between two polls. */
const EVERY = 50;

/**
 * Polls many keys, and records a reading of a key when its presence has changed since the last poll. A key counts as
 * present when it has the wanted value.
 */
export class Onlooker {
  /** Whether the last poll found every wanted key. */
  complete = false;
  private there = new Map<string, boolean>();
  private readonly ending = new AbortController();
  private readonly running: Promise<void>;

  constructor(
    private readonly recorder: Recorder,
    private readonly store: Pick<Store, 'list'>,
    private readonly prefix: string,
    private readonly wanted: ReadonlyMap<string, string>,
  ) {
    this.running = this.run();
  }

  /** Makes the next poll record every key, changed or not. */
  reset(): void {
    this.complete = false;
    this.there = new Map();
  }

  async end(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.ending.signal.aborted) {
      await this.look().catch(() => undefined);
      await sleep(EVERY);
    }
  }

  private async look(): Promise<void> {
    const began = monotonic();
    // Keys added while the response is pending are for the next poll.
    const wanted = [...this.wanted];
    const { there } = this;
    const { revision, entries } = await this.store.list(this.prefix);
    // This read began before the reset.
    if (there !== this.there) return;
    const found = new Map(entries.map(({ key, value }) => [key, value]));
    for (const [key, value] of wanted) {
      const present = found.get(key) === value;
      if (there.get(key) === present) continue;
      there.set(key, present);
      this.recorder.record('reader', { kind: 'reading', key, began, present, revision });
    }
    this.complete = wanted.every(([key]) => there.get(key) === true);
  }
}
