import { type Duplex } from 'node:stream';

/**
 * The part of undici's dispatcher interface that this library uses. There is no import of undici: the classes of one
 * version do not work with those of the version inside of another Node release, but plain objects do.
 */

/** One request, as undici's `Dispatcher.dispatch` receives it. */
export interface DispatchOptions {
  readonly origin?: string | URL | undefined;
  readonly path: string;
  readonly method: string;
  readonly body?: unknown;
  readonly headers?: unknown;
  /** The protocol of an upgrade, such as `websocket`. */
  readonly upgrade?: unknown;
  /** The dispatcher itself: undici's functions pass it along, and undici 8 refuses it. */
  readonly dispatcher?: unknown;
  /** The name that the server's certificate must have. */
  readonly servername?: string;
}

/** Passed to the callbacks of a {@link ModernDispatchHandler}. */
export interface DispatchController {
  readonly aborted: boolean;
  readonly paused: boolean;
  readonly reason: unknown;
  readonly rawHeaders?: unknown;
  readonly rawTrailers?: unknown;
  abort(reason: unknown): void;
  pause(): void;
  resume(): void;
}

/** The callbacks of undici 7 and 8. */
export interface ModernDispatchHandler {
  onRequestStart?(controller: DispatchController, context: unknown): void;
  onRequestUpgrade?(
    controller: DispatchController,
    status: number,
    headers: unknown,
    socket: Duplex,
  ): unknown;
  onResponseStarted?(): void;
  onResponseStart?(
    controller: DispatchController,
    status: number,
    headers: unknown,
    statusText?: string,
  ): unknown;
  onResponseData?(controller: DispatchController, chunk: Uint8Array): unknown;
  onResponseEnd?(controller: DispatchController, trailers: unknown): unknown;
  onResponseError?(controller: DispatchController, error: unknown): unknown;
  onBodySent?(...args: readonly unknown[]): unknown;
  onRequestSent?(): unknown;
}

/** The callbacks of undici 6, which 7 accepts as well. */
export interface LegacyDispatchHandler {
  onConnect?(abort: (reason?: unknown) => void, context?: unknown): void;
  onUpgrade?(status: number, headers: unknown, socket: Duplex): unknown;
  onResponseStarted?(): void;
  onHeaders?(status: number, headers: unknown, resume: () => void, statusText?: string): unknown;
  onData?(chunk: Uint8Array): unknown;
  onComplete?(trailers: unknown): unknown;
  onError?(error: unknown): unknown;
  onBodySent?(...args: readonly unknown[]): unknown;
  onRequestSent?(): unknown;
}

/** The callbacks of a request. With `onRequestStart` they are those of undici 7 and 8. */
export type DispatchHandler = ModernDispatchHandler & LegacyDispatchHandler;

/** Sends a request. Returns false when the caller should wait before it sends another. */
export type Dispatch = (options: DispatchOptions, handler: DispatchHandler) => boolean;
