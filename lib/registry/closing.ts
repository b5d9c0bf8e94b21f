import { setMaxListeners } from 'node:events';
import { ClosedError } from '../kernel/errors/index.js';

/** One running watch of a {@link Closing}. */
export interface Tracked {
  /** Aborted with the caller's signal, or when the connection closes. */
  readonly signal: AbortSignal;
  /** Lets go of the caller's signal. To be called in any case. */
  done(): void;
}

/** The end of a connection as its watches see it: they end when it closes, and none begins after. */
export class Closing {
  private readonly running = new Set<AbortController>();
  private ended = false;

  /** @param what whom the {@link ClosedError} names: "The registry memory:" */
  constructor(private readonly what: string) {}

  get closed(): boolean {
    return this.ended;
  }

  /** @throws ClosedError after {@link Closing.close} */
  check(): void {
    if (this.ended) throw new ClosedError(this.what);
  }

  /**
   * Ties a watch to both the caller's signal and this connection.
   *
   * @throws ClosedError after {@link Closing.close}
   */
  track(signal: AbortSignal): Tracked {
    this.check();
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort(signal.reason);
    };
    if (signal.aborted) abort();
    // One signal may well stand over many watches at once: that is no leak to warn of.
    setMaxListeners(0, signal);
    signal.addEventListener('abort', abort, { once: true });
    this.running.add(controller);
    return {
      signal: controller.signal,
      done: () => {
        signal.removeEventListener('abort', abort);
        this.running.delete(controller);
      },
    };
  }

  /** Ends every watch. A second call does nothing. */
  close(): void {
    this.ended = true;
    for (const controller of this.running) controller.abort(new ClosedError(this.what));
    this.running.clear();
  }
}
