import { Injectable } from '@nestjs/common';
import { type Observable } from 'rxjs';
import { type ServiceName } from '../common/declared-names.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceChange } from '../discovery/service-change.js';
import { ServiceHandles } from './service-handles.js';
import { type ServiceHandle } from './service-handle.js';
import { type HandleEndpointStatus } from './service-handle.types.js';

/** One service in a {@link DiscoveryDump}. */
export interface ServiceDump {
  /** Name of the service. */
  readonly name: string;
  /** The option `tag` of the service. */
  readonly tag?: string;
  /** The option `dc` of the service. */
  readonly dc?: string;
  /** The option `zone` of the service. */
  readonly zone?: string;
  /** Number of the list: 0 before the first. */
  readonly revision: number;
  /** Whether the list may be out of date. */
  readonly stale: boolean;
  /** Seconds since the last sign of life of the registry; missing before the first. */
  readonly age?: number;
  /** Message of the error that made the list stale. */
  readonly error?: string;
  /** Name of the balancer; `custom` for one of the application's. */
  readonly balancer: string;
  /** Whether too few endpoints are healthy, so that ejected ones are picked too. */
  readonly panic: boolean;
  /** The last good list, with the state of each endpoint. */
  readonly endpoints: readonly EndpointDump[];
}

/** One endpoint in a {@link ServiceDump}. */
export interface EndpointDump extends Endpoint, HandleEndpointStatus {}

/** The state of all services, for operators: plain data without secrets. */
export interface DiscoveryDump {
  /** The services that are listed or in use. */
  readonly services: readonly ServiceDump[];
}

/** Finds endpoints of services, in a cache that a watch of the registry keeps up to date. */
@Injectable()
export class DiscoveryService {
  constructor(private readonly handles: ServiceHandles) {}

  /** The changes of all services. Completes when the application closes. */
  get changes(): Observable<ServiceChange> {
    return this.handles.changes;
  }

  /**
   * The handle of a service, always the same. Its `pick()` is the fastest way to pick.
   *
   * @throws UnknownServiceError when services are listed and this is not one of them
   */
  of(name: ServiceName): ServiceHandle {
    return this.handles.of(name);
  }

  /**
   * Picks the next endpoint from the cache.
   *
   * @throws UnknownServiceError
   * @throws NoEndpointsError
   */
  pick(name: ServiceName): Endpoint {
    return this.handles.pick(name);
  }

  /**
   * Waits up to `bootTimeout` for the first list or for a refresh in progress, and picks the next endpoint.
   *
   * @throws UnknownServiceError
   * @throws NoEndpointsError
   */
  async service(name: ServiceName): Promise<Endpoint> {
    return await this.handles.of(name).next();
  }

  /** The last good list of a service, frozen; empty before the first. @throws UnknownServiceError */
  endpoints(name: ServiceName): readonly Endpoint[] {
    return this.handles.of(name).endpoints;
  }

  /** The names of the services that are listed or in use. */
  names(): readonly ServiceName[] {
    return this.handles.names;
  }

  /**
   * Lists one service or all of them again, and resolves when all are listed. The last list of a service stays in use
   * when the registry fails.
   *
   * @throws the first error of the registry, after all requests have ended
   * @throws UnknownServiceError
   */
  async refresh(name?: ServiceName): Promise<void> {
    const handles = name === undefined ? this.handles.current : [this.handles.of(name)];
    const results = await Promise.allSettled(handles.map((handle) => handle.refresh()));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason as Error;
  }

  /** The state of all services, for operators. */
  dump(): DiscoveryDump {
    return {
      services: this.handles.current.map((handle) => {
        const { tag, dc, zone } = this.handles.optionsOf(handle.name);
        const { name, revision, stale, age, error, panic } = handle;
        const endpoints = handle.endpoints.map((each) => Object.assign({}, each, handle.statusOf(each)));
        return {
          name,
          ...(tag === undefined ? {} : { tag }),
          ...(dc === undefined ? {} : { dc }),
          ...(zone === undefined ? {} : { zone }),
          revision,
          stale,
          ...(age === undefined ? {} : { age }),
          ...(error === undefined ? {} : { error: error.message }),
          balancer: this.handles.balancerOf(name),
          panic,
          endpoints,
        };
      }),
    };
  }
}
