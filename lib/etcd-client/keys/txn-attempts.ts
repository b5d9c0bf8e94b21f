import { Backoff } from '../../common/async/backoff.js';
import { pause } from '../../common/async/deadline.js';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { type KeyPath } from './key-path.js';
import { type Store } from './store.js';

/** Maximum number of transactions in one call, while other clients change the same keys. */
export const MAX_ATTEMPTS = 100;

/** Attempts without a pause between them. */
const IMMEDIATE_ATTEMPTS = 5;

/** Backoff between later attempts, so that clients that compete for one key spread out. */
const CONTENTION_BACKOFF = Object.freeze({ baseMs: 10, capMs: 200 });

/** Limits and spaces the transactions of one call. */
export class TxnAttempts {
  private started = 0;
  private readonly backoff: Backoff;

  constructor(
    private readonly store: Store,
    private readonly path: KeyPath,
  ) {
    this.backoff = new Backoff(CONTENTION_BACKOFF, store.random);
  }

  /** Number of attempts so far. */
  get count(): number {
    return this.started;
  }

  /**
   * Starts the next attempt, after a pause if there were several.
   *
   * @throws KeysError 101 after {@link MAX_ATTEMPTS}
   * @throws the signal's reason when it is aborted
   */
  async begin(signal: AbortSignal | undefined): Promise<void> {
    if (this.started === MAX_ATTEMPTS) {
      const about = `other clients changed ${this.path.key} or its directories during each of ${MAX_ATTEMPTS} attempts`;
      throw new KeysError(KeysErrorCode.TestFailed, about, this.store.revision);
    }
    if (this.started >= IMMEDIATE_ATTEMPTS) await pause(this.store.clock, this.backoff.next(), signal);
    this.started += 1;
  }
}
