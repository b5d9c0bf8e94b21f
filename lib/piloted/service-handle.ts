import { Subject, type Observable } from 'rxjs';
import { type Balancer } from '../balancing/balancer.js';
import { type Call } from '../balancing/call.js';
import { type BalancingOptions, type ServiceBalancing, UNUSED } from '../balancing/service-balancing.js';
import { callFunction, type CallFunction, type CallOptions } from '../calling/call-function.js';
import { ServiceCalls } from '../calling/service-calls.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { NO_STATE, type ServiceChange, type ServiceState } from '../discovery/service-change.js';
import { type Selection } from '../discovery/selection.js';
import { joinHostPort } from '../common/address.js';
import { attempt } from '../common/async/deadline.js';
import { DeadlineExceededError } from '../common/errors/index.js';
import { expected } from '../common/expected.js';
import { messageOf, stackOf } from '../common/thrown.js';
import { waitForEndpoints } from './wait-for-endpoints.js';
import { refuseEndpointFields } from './refuse-endpoint-fields.js';
import {
  type HandleDeps,
  type HandleEndpointStatus,
  type ReadyOptions,
  type UrlOptions,
} from './service-handle.types.js';
import { publishChange, publishSelectionFailure } from './service-diagnostics.js';
import { noEndpointsDetail } from './no-endpoints-detail.js';
import { NoEndpointsError } from './no-endpoints.error.js';
import { UnknownServiceError } from './unknown-service.error.js';

const EMPTY: readonly Endpoint[] = NO_STATE.endpoints;
const EMPTY_BALANCER: Balancer = Object.freeze({ update: () => undefined, pick: () => undefined });
const NO_CALL: Call = Object.freeze({ done: () => undefined });

/**
 * One service as the application sees it: its endpoints, and a balancer that picks the next one. Injected by
 * `@Service(name)` or returned by `DiscoveryService.of(name)`.
 */
export class ServiceHandle implements AsyncIterable<readonly Endpoint[]> {
  /** For the integrations: what all calls to the service share. */
  readonly calls: ServiceCalls;
  private readonly subject = new Subject<ServiceChange>();
  /** The balancer of `balancing`: a copy of the reference saves `pick` a property access. */
  private balancer: Balancer = EMPTY_BALANCER;
  private balancing: ServiceBalancing | undefined;
  private readonly candidateListeners = new Set<(candidates: readonly Endpoint[]) => void>();
  private state: ServiceState = NO_STATE;
  private selection: Selection | undefined;
  private refreshing: Promise<void> | undefined;
  private closed = false;

  constructor(
    /** Name of the service. */
    readonly name: string,
    private readonly deps: HandleDeps,
  ) {
    const { clock, logger, applicationId } = deps;
    this.calls = new ServiceCalls(this, { service: name, clock, logger, applicationId });
  }

  /** The last good list, frozen; empty before the first. */
  get endpoints(): readonly Endpoint[] {
    return this.state.endpoints;
  }

  /** Number of the list: 0 before the first, incremented by each new one. */
  get revision(): number {
    return this.state.revision;
  }

  /** Whether the list may be out of date: from an error until the next answer of the registry, and before the first. */
  get stale(): boolean {
    return this.selection?.freshness.stale ?? true;
  }

  /** Whether the registry has answered in this process. */
  get answered(): boolean {
    return this.selection?.freshness.answered ?? false;
  }

  /** Seconds since the last sign of life of the registry about this service; undefined before the first. */
  get age(): number | undefined {
    const ageMs = this.selection?.freshness.ageMs;
    return ageMs === undefined ? undefined : ageMs / 1_000;
  }

  /** The error that made the list stale; undefined without an error. */
  get error(): Error | undefined {
    return this.selection?.freshness.error;
  }

  /** Each further list, and how it differs from the list before. Completes when the application closes. */
  get changes(): Observable<ServiceChange> {
    return this.subject.asObservable();
  }

  /** Whether too few endpoints are healthy, so that ejected ones are picked too. */
  get panic(): boolean {
    return this.balancing?.panic ?? false;
  }

  /** The state of an endpoint and the calls to it, for operators. */
  statusOf(endpoint: Endpoint): HandleEndpointStatus {
    const status = this.balancing?.statusOf(endpoint) ?? UNUSED;
    return this.selection?.isSuspect(endpoint) ? { ...status, state: 'suspect' } : status;
  }

  /**
   * Picks the next endpoint from the cache.
   *
   * @param key sends equal keys to the same endpoint, with a balancer that supports it
   * @throws NoEndpointsError when there is no endpoint
   * @throws UnknownServiceError when the service has been removed from the configuration
   */
  pick(key?: string | number): Endpoint {
    const endpoint = this.balancer.pick(key);
    if (endpoint === undefined) throw this.failure();
    return endpoint;
  }

  /**
   * The URL of `path` at the next endpoint.
   *
   * @throws NoEndpointsError when there is no endpoint
   * @throws InvalidOptionError when the endpoint has no port with the requested name
   */
  url(path = '/', options: UrlOptions = {}): string {
    return this.urlOf(this.pick(), path, options);
  }

  /**
   * The URL of `path` at `endpoint`, with an IPv6 address in brackets. For an endpoint that has been picked before, as
   * in a route handler or with {@link start}.
   *
   * @throws InvalidOptionError when the endpoint has no port with the requested name
   */
  urlOf(endpoint: Endpoint, path = '/', { protocol = 'http', port }: UrlOptions = {}): string {
    const { ports } = endpoint;
    const number = port === undefined ? endpoint.port : Object.hasOwn(ports, port) && ports[port];
    if (!number) throw expected('port', `one of ${Object.keys(ports).join(', ') || 'no ports'}`, port);
    return `${protocol}://${joinHostPort(endpoint.address, number)}${path.startsWith('/') ? '' : '/'}${path}`;
  }

  /**
   * The endpoints that `pick` chooses from now, frozen: those of `endpoints` that are left after weight 0, zone, subset
   * and ejections.
   */
  get candidates(): readonly Endpoint[] {
    return this.balancing?.candidates ?? EMPTY;
  }

  /** For the integrations: how the endpoints are chosen from. */
  get balancingOptions(): BalancingOptions | undefined {
    return this.balancing?.options;
  }

  /**
   * Calls `listener` with each further list of {@link candidates}, also when an ejection changes it. Its errors are logged.
   * Returns a function that removes the listener.
   */
  onCandidates(listener: (candidates: readonly Endpoint[]) => void): () => void {
    // It is called at the end of a call and by timers: its error would fail the call or end the process.
    const own: typeof listener = (candidates) => {
      try {
        listener(candidates);
      } catch (error) {
        this.deps.logger.error(
          `A listener for the candidates of service "${this.name}" failed: ${messageOf(error)}`,
          stackOf(error),
        );
      }
    };
    this.candidateListeners.add(own);
    return () => void this.candidateListeners.delete(own);
  }

  /**
   * Counts a call to `endpoint` until the `done` of the result. Outlier detection and the balancers that learn know only
   * of such calls. Every call must be ended, or its endpoint seems busy for ever.
   */
  start(endpoint: Endpoint): Call {
    return this.balancing?.start(endpoint) ?? NO_CALL;
  }

  /**
   * Runs `fn` with the next endpoint, for clients that have no integration of their own, reports how the call ended, and
   * runs `fn` again with another endpoint if it could not connect, or if `idempotent` is set.
   *
   * @throws the last error of `fn`
   * @throws InvalidOptionError when an option is invalid
   * @throws NoEndpointsError when there is no endpoint, or no list within `bootTimeout`
   * @throws DeadlineExceededError when `timeout` or `retry.perTryTimeout` passes
   */
  async call<T>(fn: CallFunction<T>, options: CallOptions = {}): Promise<T> {
    return await callFunction(this.calls, fn, options);
  }

  /**
   * Waits until the list has `min` endpoints and resolves with the list.
   *
   * @throws NoEndpointsError when `timeout` passes first
   * @throws ClosedError when the application closes first
   */
  async ready({ min = 1, timeout = this.deps.bootTimeout }: ReadyOptions = {}): Promise<readonly Endpoint[]> {
    const what = `Waiting for ${min} endpoints of service "${this.name}"`;
    try {
      await attempt({ clock: this.deps.clock, timeoutMs: timeout * 1_000, what }, (signal) =>
        waitForEndpoints(this, min, signal),
      );
      return this.endpoints;
    } catch (error) {
      if (!(error instanceof DeadlineExceededError)) throw error;
      const { length } = this.endpoints;
      if (length === 0) throw this.emptyError();
      throw new NoEndpointsError(this.name, 'too-few', `${length} of ${min} after ${timeout} s`);
    }
  }

  /** Lists the service again. @throws the error of the registry; the last list stays in use */
  refresh(): Promise<void> {
    const refreshing = (this.selection?.refresh() ?? Promise.resolve()).finally(() => {
      if (this.refreshing === refreshing) this.refreshing = undefined;
    });
    // The caller receives the error. Callers of next() only wait for the end, so it must not be unhandled.
    refreshing.catch(() => undefined);
    this.refreshing = refreshing;
    return refreshing;
  }

  /**
   * Waits for the first list, or for a refresh in progress, and picks the next endpoint.
   *
   * @throws NoEndpointsError when there is no endpoint, or no list within `bootTimeout`
   */
  async next(): Promise<Endpoint> {
    if (this.revision === 0) await this.ready({ min: 0 });
    const { refreshing } = this;
    if (refreshing) {
      const timeoutMs = this.deps.bootTimeout * 1_000;
      const what = `The refresh of service "${this.name}"`;
      await attempt({ clock: this.deps.clock, timeoutMs, what }, () => refreshing).catch(() => undefined);
    }
    return this.pick();
  }

  /**
   * Iterates over the current list, if there is one, and each further list until the application closes. A slow consumer
   * receives only the newest of the lists it missed.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Endpoint[], void, void> {
    let seen = 0;
    let wake: () => void = () => undefined;
    const subscription = this.subject.subscribe({ next: () => wake(), complete: () => wake() });
    try {
      for (;;) {
        if (this.revision > seen) {
          seen = this.revision;
          yield this.endpoints;
        } else if (this.closed) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      subscription.unsubscribe();
    }
  }

  /**
   * @internal Called by the module: follows the list that `watch` returns and chooses with `balancing`. The former list stays in
   * use until there is another.
   *
   * @throws ClosedError
   */
  attach(watch: (after: ServiceState) => Selection, balancing: ServiceBalancing): Promise<void> {
    const former = this.selection;
    const selection = watch(this.state);
    if (balancing !== this.balancing) {
      this.balancing?.close();
      balancing.onCandidates((candidates) => {
        for (const listener of [...this.candidateListeners]) listener(candidates);
      });
      balancing.update(this.endpoints);
    }
    this.balancing = balancing;
    this.balancer = balancing.balancer;
    this.selection = selection;
    if (selection.change) this.publish(selection.change);
    selection.subscribe((change) => {
      if (this.selection === selection) this.publish(change);
    });
    return former?.close() ?? Promise.resolve();
  }

  /** @internal Called by the module: the service has been removed from the configuration. */
  detach(): Promise<void> {
    const { selection } = this;
    this.selection = undefined;
    this.state = { endpoints: EMPTY, revision: this.revision };
    this.balancing?.update(EMPTY);
    return selection?.close() ?? Promise.resolve();
  }

  /** @internal Called by the module when the application closes. The last list can still be picked from. */
  close(): void {
    this.closed = true;
    this.balancing?.close();
    this.subject.complete();
  }

  /** @internal Called by the module: resolves at the first answer of the registry. */
  async firstAnswer(): Promise<void> {
    await this.selection?.ready();
  }

  private publish(change: ServiceChange): void {
    this.state = change;
    publishChange(this.deps.applicationId, change);
    this.balancing?.update(change.endpoints, change);
    this.subject.next(change);
  }

  /** The error of a pick that found no endpoint. */
  private failure(): Error {
    const error = this.emptyError();
    if (error instanceof NoEndpointsError)
      publishSelectionFailure(this.deps.applicationId, this.name, error.reason);
    return error;
  }

  private emptyError(): NoEndpointsError | UnknownServiceError {
    if (!this.selection && this.revision > 0) return new UnknownServiceError(this.name, this.deps.known());
    const { error, selection } = this;
    const options = error ? { cause: error } : undefined;
    const isListed = this.revision > 0;
    const detail = this.deps.empty ?? (selection && noEndpointsDetail(selection, isListed));
    if (!isListed) return new NoEndpointsError(this.name, 'never-answered', detail, options);
    const reason = selection?.excluded ? 'excluded' : 'empty';
    return new NoEndpointsError(this.name, reason, detail, options);
  }
}

refuseEndpointFields(ServiceHandle.prototype);
