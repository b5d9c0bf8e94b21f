import { monotonic, sleep } from '../../harness/wait.js';
import { type Recorder } from '../recording/recorder.js';
import { type Store } from './store.js';

/** Milliseconds between two looks. */
const EVERY = 50;

/**
 * Looks at many keys all the time, and records a reading of each whenever it finds it there or gone that was not so at
 * the last look. There is a key that has the value it is wanted with.
 */
export class Onlooker {
  /** Whether the last look found every key that was wanted. */
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

  /** Has the next look record every key, changed or not. */
  lookAnew(): void {
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
    // What is wanted while the answer is on its way is for the next look.
    const wanted = [...this.wanted];
    const { there } = this;
    const { revision, entries } = await this.store.list(this.prefix);
    // This read began before the restart.
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
