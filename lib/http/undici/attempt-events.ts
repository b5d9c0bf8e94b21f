import { type SidekickError } from '../../common/errors/index.js';
import { type DispatchController, type DispatchHandler } from './dispatch.js';

/** The events of one attempt, in the order of HTTP. Its caller decides which of them the application sees. */
export interface AttemptEvents {
  /** Whether the response of this attempt is the one for the application. */
  readonly isChosen: boolean;
  /** The request is about to be written to a connection. An error before this event means that nothing was sent. */
  onStart(abort: (reason: unknown) => void): void;
  /**
   * The status and headers have arrived; an informational response (1xx) is not reported.
   *
   * @param header looks up a response header by its lower-case name
   * @returns whether the application sees the response
   */
  onAnswer(status: number, header: (name: string) => string | undefined): boolean;
  /** The connection was switched to another protocol. Returns whether the application sees it. */
  onUpgrade(): boolean;
  /** A part of a response that the application does not see has arrived. */
  onDiscarded(bytes: number): void;
  /** The response is complete. */
  onEnd(): void;
  /** The attempt has failed. Returns whether the application sees the error. */
  onError(error: unknown): boolean;
}

/** Learns why a call ends. */
export interface ErrorListener {
  /**
   * Called with an error that is this library's own. Global fetch hides it in the cause of another error, and copies it where
   * a test runner's sandbox has classes of its own.
   */
  onError?(error: SidekickError): void;
}

/** The handler of the application, in either form. */
export interface CallerHandler {
  /**
   * Calls the start callback, once per call. That is before the first attempt has a connection, so that the application
   * can abort while it connects.
   */
  start(abort: (reason: unknown) => void): void;
  /** Makes the handler of one attempt: it reports to `events` and passes on what they let through. */
  forAttempt(events: AttemptEvents): DispatchHandler;
  /** Ends the call with an error. */
  fail(error: unknown): void;
}

/** Aborts an attempt through the controller of its request. */
export function aborter(controller: DispatchController): (reason: unknown) => void {
  return (reason) => {
    controller.abort(reason);
  };
}
