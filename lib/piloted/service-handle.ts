import { Subject, type Observable } from 'rxjs';
import { watchEvents, type WatchEvent } from '../containerpilot/watch-events.js';
import { type Balancer, type Call } from '../balancing/balancer.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { diffEndpoints, type EndpointsDiff } from '../discovery/list-change.js';
import { type ServiceSelection } from '../discovery/service-selection.js';
import { joinHostPort } from '../common/address.js';
import { type Clock } from '../common/clock.js';
import { attempt } from '../common/async/deadline.js';
import { ClosedError, DeadlineExceededError } from '../common/errors/index.js';
import { expected } from '../common/expected.js';
import { refuseEndpointFields } from './no-endpoint.js';
import { NoEndpointsError } from './no-endpoints.error.js';
import { type ServiceChange } from './service-change.js';
import { UnknownServiceError } from './unknown-service.error.js';

/** What is waited for. */
export interface ReadyOptions {
  /** Endpoints that there must be; 1 by default, 0 for any first list. */
  readonly min?: number;
  /** Seconds; the module's `bootTimeout` by default. */
  readonly timeout?: number;
}

/** How a URL is made. */
export interface UrlOptions {
  /** `http` by default. */
  readonly protocol?: string;
  /** The name of one of the endpoint's further `ports`; its main port by default. */
  readonly port?: string;
}

/** What a {@link ServiceHandle} works with. */
export interface HandleDeps {
  readonly clock: Clock;
  /** Seconds. */
  readonly bootTimeout: number;
  /** The services there are, for errors. */
  readonly known: () => readonly string[];
  /** Why every list is empty, where the module itself is the reason. */
  readonly empty?: string;
}

const NONE: readonly Endpoint[] = Object.freeze([]);
const NOTHING_TO_PICK: Balancer = Object.freeze({ update: () => undefined, pick: () => undefined });
const UNHEARD: Call = Object.freeze({ done: () => undefined });

/** One service as the application sees it: injected by `@Service(name)`, or had from `DiscoveryService.of(name)`. */
export class ServiceHandle implements AsyncIterable<readonly Endpoint[]> {
  private readonly subject = new Subject<ServiceChange>();
  private balancer: Balancer = NOTHING_TO_PICK;
  private list = NONE;
  private count = 0;
  private view: ServiceSelection | undefined;
  private refreshing: Promise<void> | undefined;
  private closed = false;

  constructor(
    readonly name: string,
    private readonly deps: HandleDeps,
  ) {}

  /** The last good list, frozen; empty before the first. */
  get endpoints(): readonly Endpoint[] {
    return this.list;
  }

  /** Counts the lists: 0 before the first. */
  get revision(): number {
    return this.count;
  }

  /** Whether the list may be out of date: from an error until the registry has answered again, and before it first has. */
  get stale(): boolean {
    return this.view?.freshness.stale ?? true;
  }

  /** Whether the registry has answered, in this process. */
  get answered(): boolean {
    return this.view?.freshness.answered ?? false;
  }

  /** Seconds since the registry was last heard of, about this service; undefined where it never was. */
  get age(): number | undefined {
    const age = this.view?.freshness.age;
    return age === undefined ? undefined : age / 1_000;
  }

  /** Why the list is stale, where an error is the reason. */
  get error(): Error | undefined {
    return this.view?.freshness.error;
  }

  /** Each list from now on, with what is new in it. Completes when the application closes. */
  get changes(): Observable<ServiceChange> {
    return this.subject.asObservable();
  }

  /**
   * The next endpoint, from the cache.
   *
   * @param key for balancers that send equal keys to one endpoint
   * @throws NoEndpointsError when there is none
   * @throws UnknownServiceError when the service has been taken out of the configuration
   */
  pick(key?: string | number): Endpoint {
    const endpoint = this.balancer.pick(key);
    if (endpoint === undefined) throw this.nothing();
    return endpoint;
  }

  /**
   * The URL of `path` at the next endpoint.
   *
   * @throws NoEndpointsError when there is none
   * @throws InvalidOptionError when the endpoint has no port of the name that was asked for
   */
  url(path = '/', options: UrlOptions = {}): string {
    return this.urlOf(this.pick(), path, options);
  }

  /**
   * The URL of `path` at `endpoint`, with an IPv6 address in brackets. For an endpoint that is picked already, as in a
   * route handler or with {@link start}.
   *
   * @throws InvalidOptionError when the endpoint has no port of the name that was asked for
   */
  urlOf(endpoint: Endpoint, path = '/', { protocol = 'http', port }: UrlOptions = {}): string {
    const { ports } = endpoint;
    const number = port === undefined ? endpoint.port : Object.hasOwn(ports, port) && ports[port];
    if (!number) throw expected('port', `one of ${Object.keys(ports).join(', ') || 'no ports'}`, port);
    return `${protocol}://${joinHostPort(endpoint.address, number)}${path.startsWith('/') ? '' : '/'}${path}`;
  }

  /** Tells the balancer that a call to `endpoint` begins; `done(error?)` of what it returns tells how it went. */
  start(endpoint: Endpoint): Call {
    return this.balancer.start?.(endpoint) ?? UNHEARD;
  }

  /**
   * Resolves with the list as soon as it has `min` endpoints.
   *
   * @throws NoEndpointsError when it has not within `timeout`
   * @throws ClosedError when the application closes before
   */
  async ready({ min = 1, timeout = this.deps.bootTimeout }: ReadyOptions = {}): Promise<readonly Endpoint[]> {
    const what = `Waiting for ${min} endpoints of service "${this.name}"`;
    try {
      await attempt({ clock: this.deps.clock, timeoutMs: timeout * 1_000, what }, (signal) =>
        this.reach(min, signal),
      );
      return this.list;
    } catch (error) {
      if (!(error instanceof DeadlineExceededError)) throw error;
      if (this.count === 0 || this.list.length === 0) throw this.nothing();
      throw new NoEndpointsError(this.name, 'too-few', `${this.list.length} of ${min} after ${timeout} s`);
    }
  }

  /** Asks the registry again. @throws its error; the last list stays in use */
  refresh(): Promise<void> {
    const refreshing = (this.view?.refresh() ?? Promise.resolve()).finally(() => {
      if (this.refreshing === refreshing) this.refreshing = undefined;
    });
    // The caller hears of a failure; those who only wait for it to be over do not mind.
    refreshing.catch(() => undefined);
    this.refreshing = refreshing;
    return refreshing;
  }

  /**
   * The next endpoint, after a first load or a refresh that is under way.
   *
   * @throws NoEndpointsError when there is none, and when no list has come within `bootTimeout`
   */
  async next(): Promise<Endpoint> {
    if (this.count === 0) await this.ready({ min: 0 });
    const { refreshing } = this;
    if (refreshing) {
      const timeout = this.deps.bootTimeout * 1_000;
      const what = `The refresh of service "${this.name}"`;
      await attempt({ clock: this.deps.clock, timeoutMs: timeout, what }, () => refreshing).catch(
        () => undefined,
      );
    }
    return this.pick();
  }

  /** The current list, where there is one, and each that follows, until the application closes; only the newest of those missed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Endpoint[], void, void> {
    let seen = 0;
    let wake: () => void = () => undefined;
    const subscription = this.subject.subscribe({ next: () => wake(), complete: () => wake() });
    try {
      for (;;) {
        if (this.count > seen) {
          seen = this.count;
          yield this.list;
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
   * Called by the module: follows `view` and picks with `balancer` from now on. What the handle had before stays in
   * use until the view has a list.
   */
  async attach(view: ServiceSelection, balancer: Balancer): Promise<void> {
    if (balancer !== this.balancer) balancer.update(this.list);
    this.balancer = balancer;
    const former = this.view;
    this.view = view;
    let taken = view.revision > 0;
    if (taken) this.take(view.endpoints, diffEndpoints(this.list, view.endpoints));
    view.subscribe((change) => {
      if (this.view !== view) return;
      // What is new to the view is new to the handle only where the handle has had its last list.
      this.take(change.endpoints, taken ? change : diffEndpoints(this.list, change.endpoints));
      taken = true;
    });
    await former?.close();
  }

  /** Called by the module: the service has been taken out of the configuration. */
  async detach(): Promise<void> {
    const { view } = this;
    this.view = undefined;
    this.list = NONE;
    this.balancer.update(NONE);
    await view?.close();
  }

  /** Called by the module when the application closes; the last list can still be picked from. */
  close(): void {
    this.closed = true;
    this.subject.complete();
  }

  /** Called by the module: resolves with the registry's first answer. */
  async firstAnswer(): Promise<void> {
    await this.view?.ready();
  }

  private take(endpoints: readonly Endpoint[], { added, updated, removed }: EndpointsDiff): void {
    const diff = { added, updated, removed };
    if (this.count > 0 && added.length + updated.length + removed.length === 0) return;
    const events = this.eventsOf(diff, endpoints);
    this.list = endpoints;
    this.count += 1;
    this.balancer.update(endpoints);
    this.subject.next(
      Object.freeze({
        service: this.name,
        endpoints,
        ...diff,
        revision: this.count,
        events,
      }),
    );
  }

  /** Compares what is new alone, for a list may be long. */
  private eventsOf(
    { added, updated, removed }: EndpointsDiff,
    endpoints: readonly Endpoint[],
  ): readonly WatchEvent[] {
    const ids = new Set(updated.map(({ id }) => id));
    const former = ids.size === 0 ? [] : this.list.filter(({ id }) => ids.has(id));
    const moved = watchEvents([...removed, ...former], [...added, ...updated]).length > 0;
    return this.count === 0 || moved ? watchEvents(undefined, endpoints) : [];
  }

  private async reach(min: number, signal: AbortSignal): Promise<void> {
    const reached = (): boolean => this.count > 0 && this.list.length >= min;
    if (reached()) return;
    if (this.closed) throw new ClosedError(`Service "${this.name}"`);
    await new Promise<void>((resolve, reject) => {
      const subscription = this.subject.subscribe({
        next: () => {
          if (!reached()) return;
          subscription.unsubscribe();
          resolve();
        },
        complete: () => {
          reject(new ClosedError(`Service "${this.name}"`));
        },
      });
      signal.addEventListener('abort', () => {
        subscription.unsubscribe();
      });
    });
  }

  private nothing(): Error {
    if (!this.view && this.count > 0) return new UnknownServiceError(this.name, this.deps.known());
    const { error } = this;
    const options = error ? { cause: error } : undefined;
    return this.count === 0
      ? new NoEndpointsError(this.name, 'never-answered', error?.message, options)
      : new NoEndpointsError(this.name, 'empty', this.deps.empty, options);
  }
}

refuseEndpointFields(ServiceHandle.prototype);
