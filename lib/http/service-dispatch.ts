import { type Clock } from '../common/clock.js';
import { type Routes } from './routes.js';
import { type ServiceRequestOptions } from './service-http.options.js';
import { type ErrorListener } from './undici/attempt-events.js';
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
export interface DispatchTerms extends ErrorListener {
  readonly service: ServiceRequestOptions;
  /** Sends an attempt, and requests to other hosts. */
  readonly next: Dispatch;
}

/**
 * Sends one request: to an endpoint of the service if its host is one, on through `next` otherwise.
 *
 * @returns always true: the request does not wait for other ones
 */
export function dispatchToService(
  deps: DispatchDeps,
  terms: DispatchTerms,
  given: DispatchOptions,
  handler: DispatchHandler,
): boolean {
  const options = 'dispatcher' in given ? withoutDispatcher(given) : given;
  const { next, service } = terms;
  const caller = isModern(handler) ? new ModernHandler(handler, terms) : new LegacyHandler(handler, terms);
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

function withoutDispatcher({ dispatcher: _dispatcher, ...options }: DispatchOptions): DispatchOptions {
  return options;
}
