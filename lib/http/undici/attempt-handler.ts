import { type AttemptEvents } from './attempt-events.js';

/** The callbacks that are the same in every version of undici. */
interface ProgressCallbacks {
  onBodySent?(...args: readonly unknown[]): unknown;
  onRequestSent?(): unknown;
  onResponseStarted?(): void;
}

/** A handler of one attempt. Passes the progress of the request on to the handler of the application. */
export abstract class AttemptHandler<Handler extends ProgressCallbacks> {
  constructor(
    protected readonly handler: Handler,
    protected readonly events: AttemptEvents,
  ) {}

  onBodySent(...args: readonly unknown[]): unknown {
    return this.handler.onBodySent?.(...args);
  }

  onRequestSent(): unknown {
    return this.handler.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.handler.onResponseStarted?.();
  }
}
