import { ClosedError } from '../errors/index.js';
import { type LinkedSignal, linkSignals } from './abort.js';

/** The lifetime of a connection or client. Closing it aborts the work that runs in it and refuses further work. */
export class AbortScope {
  private readonly controller = new AbortController();

  /** @param owner Subject of the {@link ClosedError}, such as "The registry memory:". */
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
   * Returns a signal for one task. It is aborted with the caller's signal, or when the scope closes.
   *
   * @throws ClosedError after {@link AbortScope.close}
   */
  link(signal?: AbortSignal): LinkedSignal {
    this.assertOpen();
    return linkSignals(signal, this.controller.signal);
  }

  /** Aborts all tasks of the scope. A second call does nothing. */
  close(): void {
    // A second abort has no effect, but creating its error captures a stack.
    if (!this.closed) this.controller.abort(new ClosedError(this.owner));
  }
}
