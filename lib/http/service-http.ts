import { AxiosAdapter } from './axios/axios-adapter.js';
import { InvalidOptionError, type SidekickError } from '../common/errors/index.js';
import { type DispatchDeps, type DispatchTerms, dispatchToService } from './service-dispatch.js';
import { checkRequestOptions } from './http-options.js';
import { type ServiceRequestOptions } from './service-http.options.js';
import { type Dispatch, type DispatchHandler, type DispatchOptions } from './undici/dispatch.js';
import { dispatchGlobally, globalLimits } from './undici/global-dispatcher.js';

type FetchInput = Parameters<typeof fetch>[0];
type FetchInit = NonNullable<Parameters<typeof fetch>[1]>;

/**
 * Options of {@link ServiceHttp.fetch}: those of global fetch, and `service`. It has a `dispatcher` of its own; to use yours,
 * compose it with {@link ServiceHttp.interceptor}.
 */
export type ServiceFetchInit = Omit<FetchInit, 'dispatcher'> & {
  /** How the request is sent to its service. */
  readonly service?: ServiceRequestOptions;
};

/** The type of `dispatcher` in the options of global fetch. */
export type FetchDispatcher = FetchInit extends { dispatcher?: infer D } ? NonNullable<D> : unknown;

/**
 * An element of `Dispatcher.compose` of any version of undici.
 *
 * @typeParam Dispatch The function `dispatch` of that version.
 */
export type DispatchInterceptor = <Dispatch extends (options: never, handler: never) => boolean>(
  dispatch: Dispatch,
) => Dispatch;

/** The option `adapter` of axios, with the types of the caller's version. */
export type AxiosAdapterOption = <Response>(config: object) => Promise<Response>;

const NO_OPTIONS: ServiceRequestOptions = Object.freeze({});

/** HTTP to services by name: `http://appserver/path` goes to the next endpoint of the service `appserver`. */
export class ServiceHttp {
  /**
   * For `fetch(url, { dispatcher })`, for `new WebSocket(url, { dispatcher })`, and for undici's own functions. It sends
   * through the process's global dispatcher. Errors are those of global fetch: a TypeError, with the reason as its cause.
   */
  readonly dispatcher: FetchDispatcher;

  /**
   * One element of undici's `compose`: requests to services go to an endpoint, through the dispatcher it is composed with.
   *
   * ```ts
   * const agent = new Agent({ connections: 50 }).compose(http.interceptor);
   * ```
   */
  readonly interceptor: DispatchInterceptor;
  /**
   * The option `adapter` of axios. Requests may carry `service`, with the options of {@link ServiceFetchInit} but `hedge`.
   * Without an endpoint they reject with an AxiosError whose `status` is 503, and whose cause is the NoEndpointsError.
   *
   * ```ts
   * HttpModule.registerAsync({
   *   inject: [ServiceHttp],
   *   useFactory: (http: ServiceHttp) => ({ adapter: http.axiosAdapter }),
   * });
   * ```
   */
  readonly axiosAdapter: AxiosAdapterOption;
  private readonly axios: AxiosAdapter;

  constructor(private readonly deps: DispatchDeps) {
    this.dispatcher = Object.freeze(new ServiceDispatcher(deps)) as unknown as FetchDispatcher;
    this.interceptor = ((next: Dispatch): Dispatch =>
      (options, handler) =>
        dispatchToService(deps, { service: NO_OPTIONS, next }, options, handler)) as DispatchInterceptor;
    this.axios = new AxiosAdapter(deps);
    this.axiosAdapter = this.axios.request as unknown as AxiosAdapterOption;
  }

  /** Called by the module: ends the idle connections of `axiosAdapter`. Those of fetch are the process's. */
  close(): void {
    this.axios.close();
  }

  /**
   * As global fetch, with the name of a service as the host of the URL. `http://_admin.appserver/` is its port `admin`.
   *
   * @throws InvalidOptionError when `service` is invalid, the URL of a service has a port, or there is a `dispatcher`
   * @throws UnknownServiceError when the host is not a known service, unless `passThrough` is set
   * @throws NoEndpointsError when the service has no endpoint
   * @throws DeadlineExceededError when `timeout` passes first
   * @throws TypeError of global fetch when the request fails
   */
  async fetch(input: FetchInput, init: ServiceFetchInit = {}): Promise<Response> {
    const { service = NO_OPTIONS } = init;
    if (service !== NO_OPTIONS) checkRequestOptions(service);
    this.checkDispatcher((init as { readonly dispatcher?: unknown }).dispatcher);
    // A class without closures, since each call makes one.
    const dispatcher = new CallDispatcher(this.deps, service);
    const own: FetchInit = Object.assign({}, init);
    own.dispatcher = dispatcher as never;
    try {
      return await fetch(input, own);
    } catch (error) {
      // The abort of the caller's signal is another error, and has precedence.
      if (dispatcher.error && (error as { readonly name?: unknown }).name === 'TypeError')
        throw dispatcher.error;
      throw error;
    }
  }

  /** It would be replaced, and with it the TLS options or the proxy for which the caller has it. */
  private checkDispatcher(dispatcher: unknown): void {
    if (dispatcher === undefined || dispatcher === null || dispatcher === this.dispatcher) return;
    throw new InvalidOptionError(
      'Expected no `dispatcher` in the options of ServiceHttp.fetch, which has one of its own to pick and observe endpoints. Compose yours with it: `fetch(url, { dispatcher: yours.compose(http.interceptor) })`, or replace that of the process by `setGlobalDispatcher(yours)`.',
    );
  }
}

/** What undici and global fetch need of a dispatcher. */
abstract class GlobalLimits {
  get webSocketOptions(): unknown {
    return globalLimits().webSocketOptions;
  }

  get eventSourceOptions(): unknown {
    return globalLimits().eventSourceOptions;
  }
}

/** The dispatcher of all calls. Its function may be called alone. */
class ServiceDispatcher extends GlobalLimits {
  readonly dispatch: Dispatch;

  constructor(deps: DispatchDeps) {
    super();
    const terms: DispatchTerms = { service: NO_OPTIONS, next: dispatchGlobally };
    this.dispatch = (options, handler) => dispatchToService(deps, terms, options, handler);
  }
}

/** The dispatcher of one call of {@link ServiceHttp.fetch}, redirects included. */
class CallDispatcher extends GlobalLimits implements DispatchTerms {
  /** The error of this library that has ended the call. */
  error: SidekickError | undefined;

  constructor(
    private readonly deps: DispatchDeps,
    readonly service: ServiceRequestOptions,
  ) {
    super();
  }

  readonly next = dispatchGlobally;

  onError(error: SidekickError): void {
    this.error = error;
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean {
    return dispatchToService(this.deps, this, options, handler);
  }
}
