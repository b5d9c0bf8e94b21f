import { Subject, type Observable } from 'rxjs';
import { type Balancer } from '../balancing/balancer.js';
import { createBalancer, type BalancerOption } from '../balancing/create-balancer.js';
import { type ServiceCache } from '../discovery/service-cache.js';
import { type ServiceChange } from './service-change.js';
import { type ServiceQuery } from '../discovery/service-query.js';
import { type Clock } from '../common/clock.js';
import { checkName } from '../common/names.js';
import { type Random } from '../common/random.js';
import { type ServiceOptions } from './piloted.options.js';
import { ServiceHandle } from './service-handle.js';
import { UnknownServiceError } from './unknown-service.error.js';

/** What a {@link ServiceHandles} works with. */
export interface ServiceHandlesDeps {
  readonly directory: ServiceCache;
  readonly clock: Clock;
  readonly random: Random;
  /** For services that name none. */
  readonly balancer: BalancerOption;
  /** Seconds. */
  readonly bootTimeout: number;
  /** Why every list is empty, where the module itself is the reason. */
  readonly empty?: string;
}

/** Services by name: those that are listed, and on demand any other, unless a list was given. */
export class ServiceHandles {
  /** By options and features: for as long as the application runs. */
  private readonly declared = new Map<string, ServiceOptions>();
  /** By the configuration file. */
  private configured: ReadonlyMap<string, ServiceOptions> = new Map();
  private readonly handles = new Map<string, ServiceHandle>();
  /** The handles that are in use, and what they follow. */
  private readonly attached = new Map<
    string,
    { readonly handle: ServiceHandle; readonly options: ServiceOptions }
  >();
  private readonly balancers = new Map<
    string,
    { readonly option: BalancerOption; readonly balancer: Balancer }
  >();
  private readonly subject = new Subject<ServiceChange>();
  private closed = false;
  private open = true;

  constructor(private readonly deps: ServiceHandlesDeps) {}

  /** The changes of every service. */
  get changes(): Observable<ServiceChange> {
    return this.subject.asObservable();
  }

  /** The services that are listed or in use. */
  get names(): readonly string[] {
    return [...new Set([...this.declared.keys(), ...this.configured.keys(), ...this.attached.keys()])];
  }

  /** The handles of the services that are listed or in use. */
  get current(): readonly ServiceHandle[] {
    return this.names.map((name) => this.of(name));
  }

  /** What is wanted of a service. */
  optionsOf(name: string): ServiceOptions {
    return this.declared.get(name) ?? this.configured.get(name) ?? { name };
  }

  /** From now on only what is listed is known. */
  restrict(): void {
    this.open = false;
  }

  /** Whether {@link ServiceHandles.of} would give a handle. */
  knows(name: string): boolean {
    return this.open || this.declared.has(name) || this.configured.has(name);
  }

  /** Lists a service for good, unless that has been done already. */
  declare(service: ServiceOptions): void {
    if (this.declared.has(service.name)) return;
    this.declared.set(service.name, service);
    void this.follow(service.name);
  }

  /**
   * The handle of a service, always the same.
   *
   * @throws UnknownServiceError when services are listed and this is not one of them
   * @throws InvalidOptionError when it cannot be a name
   */
  of(name: string): ServiceHandle {
    const attached = this.attached.get(name);
    if (attached) return attached.handle;
    if (!this.knows(name)) throw new UnknownServiceError(name, this.names);
    checkName('service', name);
    const options = this.optionsOf(name);
    const handle = this.handles.get(name) ?? this.makeHandle(options);
    void this.attach(handle, options);
    return handle;
  }

  /** As {@link ServiceHandles.of}; of a service that is not listed yet, a handle that follows it once it is. */
  handle(name: string): ServiceHandle {
    if (this.knows(name)) return this.of(name);
    return this.handles.get(name) ?? this.makeHandle({ name });
  }

  /**
   * Lists what the configuration file says in place of what it said before: what is new is followed, what is gone is
   * let go, what differs is followed anew.
   */
  async configure(services: readonly ServiceOptions[]): Promise<void> {
    const before = this.configured;
    this.configured = new Map(services.map((service) => [service.name, service]));
    await Promise.all(
      [...new Set([...before.keys(), ...this.configured.keys()])].map((name) => this.follow(name)),
    );
  }

  /** Ends every stream of changes. The last lists can still be picked from. */
  close(): void {
    this.closed = true;
    for (const handle of this.handles.values()) handle.close();
    this.subject.complete();
  }

  /** Brings the handle of a service that is in use in line with what is listed now. */
  private follow(name: string): Promise<void> {
    const handle = this.handles.get(name);
    if (!handle) return Promise.resolve();
    const options = this.optionsOf(name);
    const attached = this.attached.get(name);
    if (this.knows(name))
      return attached && sameService(attached.options, options)
        ? Promise.resolve()
        : this.attach(handle, options);
    this.attached.delete(name);
    return handle.detach();
  }

  private makeHandle({ name }: ServiceOptions): ServiceHandle {
    const { clock, bootTimeout, empty } = this.deps;
    const handle = new ServiceHandle(name, {
      clock,
      bootTimeout,
      known: () => this.names,
      ...(empty === undefined ? {} : { empty }),
    });
    handle.changes.subscribe((change) => {
      this.subject.next(change);
    });
    this.handles.set(name, handle);
    return handle;
  }

  /** Nothing follows what is asked for after the end. */
  private attach(handle: ServiceHandle, options: ServiceOptions): Promise<void> {
    if (this.closed) return Promise.resolve();
    const balancer = this.balancerFor(options);
    this.attached.set(options.name, { handle, options });
    return handle.attach(this.deps.directory.watch(queryOf(options)), balancer);
  }

  /** The one the service has, unless another is wanted: its place in the list is kept. */
  private balancerFor({ name, balancer: own }: ServiceOptions): Balancer {
    const option = own ?? this.deps.balancer;
    const known = this.balancers.get(name);
    if (known?.option === option) return known.balancer;
    const balancer = createBalancer(option, { service: name, random: this.deps.random });
    this.balancers.set(name, { option, balancer });
    return balancer;
  }
}

function queryOf({ name, tag, dc, zone, interval }: ServiceOptions): ServiceQuery {
  return {
    service: name,
    ...(tag === undefined ? {} : { tag }),
    ...(dc === undefined ? {} : { dc }),
    ...(zone === undefined ? {} : { zone }),
    ...(interval === undefined ? {} : { interval: interval * 1_000 }),
  };
}

function sameService(one: ServiceOptions, other: ServiceOptions): boolean {
  return JSON.stringify(queryOf(one)) === JSON.stringify(queryOf(other)) && one.balancer === other.balancer;
}
