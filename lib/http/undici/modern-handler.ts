import { type Duplex } from 'node:stream';
import { SidekickError } from '../../common/errors/index.js';
import { aborter, type AttemptEvents, type CallerHandler, type ErrorListener } from './attempt-events.js';
import { AttemptHandler } from './attempt-handler.js';
import { type DispatchController, type DispatchHandler, type ModernDispatchHandler } from './dispatch.js';

/** A handler with the callbacks of undici 7 and 8. */
export class ModernHandler implements CallerHandler {
  private readonly controller = new CallController();

  constructor(
    private readonly handler: ModernDispatchHandler,
    private readonly errors: ErrorListener,
  ) {}

  start(abort: (reason: unknown) => void): void {
    this.controller.onAbort = abort;
    this.handler.onRequestStart?.(this.controller, undefined);
  }

  forAttempt(events: AttemptEvents): DispatchHandler {
    return new ModernAttemptHandler(this.handler, this.controller, events);
  }

  fail(error: unknown): void {
    if (error instanceof SidekickError) this.errors.onError?.(error);
    this.handler.onResponseError?.(this.controller, error);
  }
}

/**
 * The controller that the application's handler has for the whole call. It passes on to the controller of the attempt whose
 * response the application receives.
 */
class CallController implements DispatchController {
  /** The attempt's own controller, from its first response on. */
  attempt: DispatchController | undefined;
  /** Whether the application receives the response of that attempt. An informational response (1xx) decides nothing. */
  isChosen = false;
  onAbort: (reason: unknown) => void = () => undefined;
  private abortedWith: { readonly reason: unknown } | undefined;

  get aborted(): boolean {
    return this.abortedWith !== undefined || (this.isChosen && this.attempt?.aborted === true);
  }

  get reason(): unknown {
    return this.abortedWith?.reason ?? (this.isChosen ? this.attempt?.reason : undefined) ?? null;
  }

  get paused(): boolean {
    return this.attempt?.paused ?? false;
  }

  get rawHeaders(): unknown {
    return this.attempt?.rawHeaders ?? null;
  }

  get rawTrailers(): unknown {
    return this.attempt?.rawTrailers ?? null;
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.abortedWith = { reason };
    this.onAbort(reason);
  }

  pause(): void {
    this.attempt?.pause();
  }

  resume(): void {
    this.attempt?.resume();
  }
}

class ModernAttemptHandler extends AttemptHandler<ModernDispatchHandler> implements ModernDispatchHandler {
  constructor(
    handler: ModernDispatchHandler,
    private readonly call: CallController,
    events: AttemptEvents,
  ) {
    super(handler, events);
  }

  onRequestStart(controller: DispatchController): void {
    this.events.onStart(aborter(controller));
  }

  onResponseStart(
    controller: DispatchController,
    status: number,
    headers: unknown,
    statusText?: string,
  ): unknown {
    const isInformational = status < 200;
    if (!isInformational && !this.events.onAnswer(status, (name) => headerOf(headers, name)))
      return undefined;
    // Of an attempt that another one has outrun.
    if (isInformational && this.call.isChosen) return undefined;
    this.call.attempt = controller;
    this.call.isChosen = !isInformational;
    return this.handler.onResponseStart?.(this.call, status, headers, statusText);
  }

  onResponseData(_controller: DispatchController, chunk: Uint8Array): unknown {
    if (this.events.isChosen) return this.handler.onResponseData?.(this.call, chunk);
    this.events.onDiscarded(chunk.length);
    return undefined;
  }

  onResponseEnd(_controller: DispatchController, trailers: unknown): unknown {
    const { isChosen } = this.events;
    this.events.onEnd();
    return isChosen ? this.handler.onResponseEnd?.(this.call, trailers) : undefined;
  }

  onRequestUpgrade(
    controller: DispatchController,
    status: number,
    headers: unknown,
    socket: Duplex,
  ): unknown {
    if (!this.events.onUpgrade()) return void socket.destroy();
    this.call.attempt = controller;
    this.call.isChosen = true;
    return this.handler.onRequestUpgrade?.(this.call, status, headers, socket);
  }

  onResponseError(_controller: DispatchController, error: unknown): void {
    if (this.events.onError(error)) this.handler.onResponseError?.(this.call, error);
  }
}

/** Finds a header in undici's object of lower-case names. */
function headerOf(headers: unknown, name: string): string | undefined {
  const value = (headers as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : undefined;
}
