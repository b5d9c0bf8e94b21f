import { type Duplex } from 'node:stream';
import { SidekickError } from '../../common/errors/index.js';
import { type AttemptEvents, type CallerHandler, type ErrorListener } from './attempt-events.js';
import { AttemptHandler } from './attempt-handler.js';
import { type DispatchHandler, type LegacyDispatchHandler } from './dispatch.js';

/** A handler with the callbacks of undici 6. */
export class LegacyHandler implements CallerHandler {
  constructor(
    private readonly handler: LegacyDispatchHandler,
    private readonly errors: ErrorListener,
  ) {}

  start(abort: (reason: unknown) => void): void {
    this.handler.onConnect?.(abort);
  }

  forAttempt(events: AttemptEvents): DispatchHandler {
    return new LegacyAttemptHandler(this.handler, events);
  }

  fail(error: unknown): void {
    if (error instanceof SidekickError) this.errors.onError?.(error);
    this.handler.onError?.(error);
  }
}

class LegacyAttemptHandler extends AttemptHandler<LegacyDispatchHandler> implements LegacyDispatchHandler {
  onConnect(abort: (reason?: unknown) => void): void {
    this.events.onStart(abort);
  }

  onHeaders(status: number, headers: unknown, resume: () => void, statusText?: string): unknown {
    const isInformational = status < 200;
    if (!isInformational && !this.events.onAnswer(status, (name) => headerOf(headers, name))) return true;
    return this.handler.onHeaders?.(status, headers, resume, statusText);
  }

  onData(chunk: Uint8Array): unknown {
    if (this.events.isChosen) return this.handler.onData?.(chunk);
    this.events.onDiscarded(chunk.length);
    return true;
  }

  onComplete(trailers: unknown): unknown {
    const { isChosen } = this.events;
    this.events.onEnd();
    return isChosen ? this.handler.onComplete?.(trailers) : undefined;
  }

  onUpgrade(status: number, headers: unknown, socket: Duplex): unknown {
    if (this.events.onUpgrade()) return this.handler.onUpgrade?.(status, headers, socket);
    socket.destroy();
    return undefined;
  }

  onError(error: unknown): void {
    if (this.events.onError(error)) this.handler.onError?.(error);
  }
}

/** Finds a header in the flat array of names and values, each a Buffer or a string. */
function headerOf(headers: unknown, name: string): string | undefined {
  if (!Array.isArray(headers)) return undefined;
  for (let at = 0; at < headers.length; at += 2)
    if (String(headers[at]).toLowerCase() === name) return String(headers[at + 1]);
  return undefined;
}
