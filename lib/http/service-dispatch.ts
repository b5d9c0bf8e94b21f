import { type SidekickError } from '../common/errors/index.js';
import { type Clock } from '../common/clock.js';
import { type Routes } from './routes.js';
import { type ServiceRequestOptions } from './service-http.options.js';
import { type Dispatch, type DispatchHandler, type DispatchOptions } from './undici/dispatch.js';
import { isModern } from './undici/global-dispatcher.js';
import { LegacyHandler } from './undici/legacy-handler.js';
import { ModernHandler } from './undici/modern-handler.js';
import { ServiceRequest } from './undici/service-request.js';

/** Dependencies of {@link dispatchToService}. */
export interface DispatchDeps {
  readonly routes: Routes;
  readonly clock: Clock;
  /** Seconds; undefined for no limit. */
  readonly timeout: number | undefined;
}

/** How one request is sent. */
export interface DispatchTerms {
  readonly service: ServiceRequestOptions;
  /** Sends an attempt, and requests to other hosts. */
  readonly next: Dispatch;
  /**
   * Learns of an error that is this library's own. Global fetch hides it in the cause of another error, and copies it where
   * a test runner's sandbox has classes of its own.
   */
  readonly onError?: (error: SidekickError) => void;
}

/**
 * Sends one request: to an endpoint of the service if its host is one, on through `next` otherwise.
 *
 * @returns always true: the request does not wait for other ones
 */
export function dispatchToService(
  deps: DispatchDeps,
  { next, service, onError }: DispatchTerms,
  { dispatcher: _dispatcher, ...options }: DispatchOptions,
  handler: DispatchHandler,
): boolean {
  const caller = isModern(handler)
    ? new ModernHandler(handler, onError)
    : new LegacyHandler(handler, onError);
  try {
    const route = deps.routes.find(options.origin ?? '');
    if (!route) return next(options, handler);
    const timeout = service.timeout ?? deps.timeout;
    new ServiceRequest(
      {
        route,
        call: route.handle.calls.begin(service),
        clock: deps.clock,
        timeoutMs: timeout === undefined ? Infinity : timeout * 1_000,
        hedge: service.hedge,
        dispatch: next,
      },
      options,
      caller,
    ).run();
  } catch (error) {
    caller.fail(error);
  }
  return true;
}
