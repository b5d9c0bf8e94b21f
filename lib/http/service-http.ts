import { type SidekickError } from '../common/errors/index.js';
import { type DispatchDeps, type DispatchTerms, dispatchToService } from './service-dispatch.js';
import { type ServiceRequestOptions } from './service-http.options.js';
import { type Dispatch } from './undici/dispatch.js';
import { dispatchGlobally, globalLimits } from './undici/global-dispatcher.js';

type FetchInput = Parameters<typeof fetch>[0];
type FetchInit = NonNullable<Parameters<typeof fetch>[1]>;

/** Options of {@link ServiceHttp.fetch}: those of global fetch, and `service`. */
export type ServiceFetchInit = FetchInit & {
  /** How the request is sent to its service. */
  readonly service?: ServiceRequestOptions;
};

/** The type of `dispatcher` in the options of global fetch. */
export type FetchDispatcher = FetchInit extends { dispatcher?: infer D } ? NonNullable<D> : unknown;

const NO_OPTIONS: ServiceRequestOptions = Object.freeze({});

/** HTTP to services by name: `http://appserver/path` goes to the next endpoint of the service `appserver`. */
export class ServiceHttp {
  /**
   * For `fetch(url, { dispatcher })`, for `new WebSocket(url, { dispatcher })`, and for undici's own functions. It sends
   * through the process's global dispatcher. Errors are those of global fetch: a TypeError, with the reason as its cause.
   */
  readonly dispatcher: FetchDispatcher;

  constructor(private readonly deps: DispatchDeps) {
    this.dispatcher = this.dispatcherFor(NO_OPTIONS);
  }

  /**
   * As global fetch, with the name of a service as the host of the URL. `http://_admin.appserver/` is its port `admin`.
   *
   * @throws UnknownServiceError when the host is not a known service, unless `passThrough` is set
   * @throws NoEndpointsError when the service has no endpoint
   * @throws DeadlineExceededError when `timeout` passes first
   * @throws TypeError of global fetch when the request fails
   */
  async fetch(input: FetchInput, init: ServiceFetchInit = {}): Promise<Response> {
    const { service = NO_OPTIONS, ...rest } = init;
    let own: SidekickError | undefined;
    const dispatcher = this.dispatcherFor(service, (error) => {
      own = error;
    });
    try {
      return await fetch(input, { ...rest, dispatcher });
    } catch (error) {
      // The abort of the caller's signal is another error, and has precedence.
      if (own && (error as { readonly name?: unknown }).name === 'TypeError') throw own;
      throw error;
    }
  }

  private dispatcherFor(
    service: ServiceRequestOptions,
    onError?: (error: SidekickError) => void,
  ): FetchDispatcher {
    const terms: DispatchTerms = { service, next: dispatchGlobally, ...(onError ? { onError } : {}) };
    return Object.freeze(new ServiceDispatcher(this.deps, terms)) as unknown as FetchDispatcher;
  }
}

/** What undici and global fetch need of a dispatcher. */
class ServiceDispatcher {
  readonly dispatch: Dispatch;

  constructor(deps: DispatchDeps, terms: DispatchTerms) {
    this.dispatch = (options, handler) => dispatchToService(deps, terms, options, handler);
  }

  get webSocketOptions(): unknown {
    return globalLimits().webSocketOptions;
  }

  get eventSourceOptions(): unknown {
    return globalLimits().eventSourceOptions;
  }
}
