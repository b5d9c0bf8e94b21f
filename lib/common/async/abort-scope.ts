import { ClosedError } from '../errors/index.js';
import { type LinkedSignal, linkSignals } from './abort.js';

/** The lifetime of a connection or client: work that runs in it ends when it closes, and none starts afterwards. */
export class AbortScope {
  private readonly controller = new AbortController();

  /** @param owner subject of the {@link ClosedError}: "The registry memory:" */
  constructor(private readonly owner: string) {}

  get closed(): boolean {
    return this.controller.signal.aborted;
  }

  /** Aborted with a {@link ClosedError} when the scope closes. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** @throws ClosedError after {@link AbortScope.close} */
  assertOpen(): void {
    if (this.closed) throw new ClosedError(this.owner);
  }

  /**
   * A signal for one piece of work: aborted with the caller's signal, or when the scope closes.
   *
   * @throws ClosedError after {@link AbortScope.close}
   */
  link(signal?: AbortSignal): LinkedSignal {
    this.assertOpen();
    return linkSignals(signal, this.controller.signal);
  }

  /** Aborts all work of the scope. A second call does nothing. */
  close(): void {
    // An abort with a new error is not free, and a second one would be ignored.
    if (!this.closed) this.controller.abort(new ClosedError(this.owner));
  }
}
