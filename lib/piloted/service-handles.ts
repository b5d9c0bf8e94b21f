import { Subject, type Observable } from 'rxjs';
import { type Balancer } from '../balancing/balancer.js';
import { type BalancerOption } from '../balancing/create-balancer.js';
import { type BalancingOptions, ServiceBalancing } from '../balancing/service-balancing.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type Selection } from '../discovery/selection.js';
import { type ServiceChange, type ServiceState } from '../discovery/service-change.js';
import { type ServiceQuery } from '../discovery/service-query.js';
import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { checkName } from '../common/names.js';
import { type Random } from '../common/random.js';
import { type ServiceOptions } from './piloted.options.js';
import { type ClientLocality } from './client-locality.js';
import { queryOf, type RegistryCaches } from './registry-caches.js';
import { ServiceHandle } from './service-handle.js';
import { UnknownServiceError } from './unknown-service.error.js';

/** Dependencies of {@link ServiceHandles}. */
export interface ServiceHandlesDeps {
  /** The cache of the module's registry. */
  readonly cache: { watch(query: ServiceQuery, after: ServiceState): Selection };
  /**
   * The caches of all registries.
   *
   * @default `cache` alone: options `registry` and `fallback` of a service are ignored
   */
  readonly caches?: RegistryCaches;
  /** For the zone `auto` and for subsets. */
  readonly locality?: ClientLocality;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string;
  /** The balancer of services that have none of their own. */
  readonly balancer: BalancerOption;
  /** Seconds. */
  readonly bootTimeout: number;
  /** The reason why every list is empty, when the module itself is the reason. */
  readonly empty?: string;
}

/** The handles by service name: of the listed services, and of any other on demand, unless services are listed. */
export class ServiceHandles {
  /** Services of the module's options and of features, which stay until the application closes. */
  private readonly declared = new Map<string, ServiceOptions>();
  /** Services of the configuration file. */
  private configured: ReadonlyMap<string, ServiceOptions> = new Map();
  private readonly handles = new Map<string, ServiceHandle>();
  /** The handles that watch a service, with the options they watch it by. */
  private readonly attached = new Map<
    string,
    { readonly handle: ServiceHandle; readonly options: ServiceOptions }
  >();
  /** The balancers of attached handles. A pick by name reads no other object between the name and the list. */
  private readonly balancers = new Map<string, Balancer>();
  private readonly balancings = new Map<
    string,
    { readonly options: BalancingOptions; readonly balancing: ServiceBalancing }
  >();
  private readonly subject = new Subject<ServiceChange>();
  private closed = false;
  private open = true;

  constructor(private readonly deps: ServiceHandlesDeps) {}

  /** The changes of all services. */
  get changes(): Observable<ServiceChange> {
    return this.subject.asObservable();
  }

  /** The names of the services that are listed or in use. */
  get names(): readonly string[] {
    return [...new Set([...this.declared.keys(), ...this.configured.keys(), ...this.attached.keys()])];
  }

  /** The handles of the services that are listed or in use. */
  get current(): readonly ServiceHandle[] {
    return this.names.map((name) => this.of(name));
  }

  /** The options of a service; only its name when it is not listed. */
  optionsOf(name: string): ServiceOptions {
    return this.declared.get(name) ?? this.configured.get(name) ?? { name };
  }

  /** The name of a service's balancer; `custom` for one of the application's. */
  balancerOf(name: string): string {
    const balancer = this.optionsOf(name).balancer ?? this.deps.balancer;
    return typeof balancer === 'string' ? balancer : 'custom';
  }

  /** Makes every service unknown that is not listed. */
  restrict(): void {
    this.open = false;
  }

  /** Whether {@link ServiceHandles.of} returns a handle. */
  knows(name: string): boolean {
    return this.open || this.declared.has(name) || this.configured.has(name);
  }

  /** Lists a service until the application closes. A second call with the same name does nothing. */
  declare(service: ServiceOptions): void {
    if (this.declared.has(service.name)) return;
    this.declared.set(service.name, service);
    void this.reconcile(service.name);
  }

  /**
   * The handle of a service, always the same.
   *
   * @throws UnknownServiceError when services are listed and this is not one of them
   * @throws InvalidOptionError when `name` is not a valid name
   */
  of(name: string): ServiceHandle {
    const attached = this.attached.get(name);
    if (attached) return attached.handle;
    if (!this.knows(name)) throw new UnknownServiceError(name, this.names);
    checkName('service', name);
    const handle = this.handles.get(name) ?? this.makeHandle(name);
    void this.attach(handle, this.optionsOf(name));
    return handle;
  }

  /**
   * Picks the next endpoint of a service, as its handle does.
   *
   * @throws UnknownServiceError
   * @throws NoEndpointsError
   */
  pick(name: string): Endpoint {
    // With 1,000 services each object on this way is a cache miss, so the handle is read only when there is no endpoint.
    return this.balancers.get(name)?.pick() ?? this.of(name).pick();
  }

  /** As {@link ServiceHandles.of}; for a service that is not listed, a handle that watches it once it is listed. */
  handle(name: string): ServiceHandle {
    if (this.knows(name)) return this.of(name);
    return this.handles.get(name) ?? this.makeHandle(name);
  }

  /** Replaces the services of the configuration file. Handles of removed services are detached. */
  async configure(services: readonly ServiceOptions[]): Promise<void> {
    const before = this.configured;
    this.configured = new Map(services.map((service) => [service.name, service]));
    await Promise.all(
      [...new Set([...before.keys(), ...this.configured.keys()])].map((name) => this.reconcile(name)),
    );
  }

  /** Ends every stream of changes. The last lists can still be picked from. */
  close(): void {
    this.closed = true;
    for (const handle of this.handles.values()) handle.close();
    this.subject.complete();
  }

  /** Attaches or detaches the handle of a service, as its current options require. */
  private reconcile(name: string): Promise<void> {
    const handle = this.handles.get(name);
    if (!handle) return Promise.resolve();
    const options = this.optionsOf(name);
    const attached = this.attached.get(name);
    if (this.knows(name))
      return attached && sameService(attached.options, options)
        ? Promise.resolve()
        : this.attach(handle, options);
    this.attached.delete(name);
    this.balancers.delete(name);
    return handle.detach();
  }

  private makeHandle(name: string): ServiceHandle {
    const { clock, logger, applicationId, bootTimeout, empty } = this.deps;
    const handle = new ServiceHandle(name, {
      clock,
      logger,
      applicationId,
      bootTimeout,
      known: () => this.names,
      ...(empty === undefined ? {} : { empty }),
    });
    handle.changes.subscribe((change) => {
      this.subject.next(change);
    });
    this.handles.set(name, handle);
    // No list will come, so that nothing waits for one.
    if (this.closed) handle.close();
    return handle;
  }

  private attach(handle: ServiceHandle, options: ServiceOptions): Promise<void> {
    if (this.closed) return Promise.resolve();
    const balancing = this.balancingFor(options);
    this.attached.set(options.name, { handle, options });
    handle.calls.configure(options.retry);
    const { cache, caches, locality } = this.deps;
    if (options.subset !== undefined) locality?.count();
    const attached = handle.attach(
      (after) => caches?.watch(options, after) ?? cache.watch(queryOf(options), after),
      balancing,
    );
    this.balancers.set(options.name, balancing.balancer);
    return attached;
  }

  /** Reuses the balancing of a service while its options stay the same, so that its statistics are kept. */
  private balancingFor(service: ServiceOptions): ServiceBalancing {
    const { name } = service;
    const options = balancingOptions(service, this.deps.balancer);
    const known = this.balancings.get(name);
    if (known && sameBalancing(known.options, options)) return known.balancing;
    const balancing = new ServiceBalancing(name, options, this.deps);
    this.balancings.set(name, { options, balancing });
    return balancing;
  }
}

function balancingOptions(
  { balancer, zone, subset, slowStart, outlierDetection }: ServiceOptions,
  moduleBalancer: BalancerOption,
): BalancingOptions {
  return { balancer: balancer ?? moduleBalancer, zone, subset, slowStart, outlierDetection };
}

function sameBalancing(one: BalancingOptions, other: BalancingOptions): boolean {
  return one.balancer === other.balancer && samePlainFields(one, other);
}

function sameService(one: ServiceOptions, other: ServiceOptions): boolean {
  return one.balancer === other.balancer && one.registry === other.registry && samePlainFields(one, other);
}

/** Compares everything but objects of the application's own, which may not be plain data. */
function samePlainFields(one: object, other: object): boolean {
  const plain = (options: object): string => JSON.stringify({ ...options, balancer: null, registry: null });
  return plain(one) === plain(other);
}
