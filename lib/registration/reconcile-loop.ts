import { Backoff, type BackoffOptions } from '../common/async/backoff.js';
import { type Clock, type Timer } from '../common/clock.js';
import { type Random } from '../common/random.js';

/** Result of one run. `handled`: it failed, and needs no retry. `failed`: it is retried with backoff. */
export type ReconcileOutcome = 'succeeded' | 'handled' | 'failed';

/** The work of a {@link ReconcileLoop}. */
export interface ReconcileWork {
  /** Whether a run is needed, and possible now. */
  hasWork(): boolean;
  /** Must not reject. */
  run(): Promise<ReconcileOutcome>;
}

/** Runs one action after the other for as long as there is work, and retries failures with backoff. */
export class ReconcileLoop {
  /** Made by the first failure. */
  private backoff: Backoff | undefined;
  private retry: Timer | undefined;
  private running = false;

  constructor(
    private readonly deps: { readonly clock: Clock; readonly random: Random },
    private readonly bounds: BackoffOptions,
    private readonly work: ReconcileWork,
  ) {}

  /** Starts the loop if there is work. Does nothing while it runs or waits for a retry. */
  kick(): void {
    if (this.running || this.retry || !this.work.hasWork()) return;
    this.running = true;
    void this.runAll().finally(() => {
      this.running = false;
      // Work may have come after the last check.
      this.kick();
    });
  }

  /** Ends the wait for a retry. The next {@link ReconcileLoop.kick} starts at once. */
  cancelRetry(): void {
    this.retry?.cancel();
    this.retry = undefined;
  }

  private async runAll(): Promise<void> {
    while (this.work.hasWork()) {
      const outcome = await this.work.run();
      if (outcome === 'succeeded') this.backoff = undefined;
      if (outcome !== 'failed') continue;
      this.backoff ??= new Backoff(this.bounds, this.deps.random);
      this.retry = this.deps.clock.after(this.backoff.next(), () => {
        this.retry = undefined;
        this.kick();
      });
      return;
    }
  }
}
