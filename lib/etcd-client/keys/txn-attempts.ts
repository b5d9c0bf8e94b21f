import { Backoff } from '../../common/async/backoff.js';
import { pause } from '../../common/async/deadline.js';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { type KeyPath } from './key-path.js';
import { type Store } from './store.js';

/** Transactions one call may take while other clients change what it depends on. */
export const MAX_ATTEMPTS = 100;

/** Rounds that follow one another at once. */
const IMMEDIATE_ATTEMPTS = 5;

/** Milliseconds between the others, so that clients that compete for one key come apart. */
const CONTENTION_BACKOFF_MS = Object.freeze({ baseMs: 10, capMs: 200 });

/** Counts the transactions of one call: each begins a round, and no call goes round without an end. */
export class TxnAttempts {
  private started = 0;
  private readonly backoff: Backoff;

  constructor(
    private readonly store: Store,
    private readonly path: KeyPath,
  ) {
    this.backoff = new Backoff(CONTENTION_BACKOFF_MS, store.random);
  }

  /** How many have begun. */
  get count(): number {
    return this.started;
  }

  /**
   * Begins another round; waits a little where there were several.
   *
   * @throws KeysError 101 after {@link MAX_ATTEMPTS}; the signal's reason
   */
  async begin(signal: AbortSignal | undefined): Promise<void> {
    if (this.started === MAX_ATTEMPTS) {
      const about = `${this.path.key} or what is around it was changed by other clients during each of ${MAX_ATTEMPTS} attempts`;
      throw new KeysError(KeysErrorCode.TestFailed, about, this.store.revision);
    }
    if (this.started >= IMMEDIATE_ATTEMPTS) await pause(this.store.clock, this.backoff.next(), signal);
    this.started += 1;
  }
}
