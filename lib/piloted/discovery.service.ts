import { Injectable } from '@nestjs/common';
import { type Observable } from 'rxjs';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceChange } from './service-change.js';
import { ServiceHandles } from './service-handles.js';
import { type ServiceHandle } from './service-handle.js';

/** One service in a {@link DiscoveryDump}. */
export interface ServiceDump {
  readonly name: string;
  readonly tag?: string;
  readonly dc?: string;
  readonly zone?: string;
  readonly revision: number;
  readonly stale: boolean;
  /** Seconds since the registry was last heard of. */
  readonly age?: number;
  /** Why it is stale. */
  readonly error?: string;
  readonly endpoints: readonly Endpoint[];
}

/** All that is known, for operators: plain data without secrets. */
export interface DiscoveryDump {
  readonly services: readonly ServiceDump[];
}

/** The others, found: endpoints of services from a cache that follows the registry. */
@Injectable()
export class DiscoveryService {
  constructor(private readonly book: ServiceHandles) {}

  /** Each new list of any service. Completes when the application closes. */
  get changes(): Observable<ServiceChange> {
    return this.book.changes;
  }

  /**
   * The handle of a service, always the same; the cheapest way to pick.
   *
   * @throws UnknownServiceError when services are listed and this is not one of them
   */
  of(name: string): ServiceHandle {
    return this.book.of(name);
  }

  /**
   * The next endpoint, from the cache, at once.
   *
   * @throws UnknownServiceError, NoEndpointsError
   */
  pick(name: string): Endpoint {
    return this.book.of(name).pick();
  }

  /**
   * The next endpoint, after a first load or a refresh that is under way, which it waits for up to `bootTimeout`.
   *
   * @throws UnknownServiceError, NoEndpointsError
   */
  async service(name: string): Promise<Endpoint> {
    return await this.book.of(name).next();
  }

  /** The last good list, frozen; empty before the first. @throws UnknownServiceError */
  endpoints(name: string): readonly Endpoint[] {
    return this.book.of(name).endpoints;
  }

  /** The services that are listed or in use. */
  names(): readonly string[] {
    return this.book.names;
  }

  /**
   * Asks the registry again, for one service or all of them, and resolves when every answer is in. A list that cannot
   * be had stays as it is.
   *
   * @throws the first registry error, when all attempts are over
   */
  async refresh(name?: string): Promise<void> {
    const handles = name === undefined ? this.book.current : [this.book.of(name)];
    const results = await Promise.allSettled(handles.map((handle) => handle.refresh()));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason as Error;
  }

  /** All that is known, for operators. */
  dump(): DiscoveryDump {
    return {
      services: this.book.current.map((handle) => {
        const { tag, dc, zone } = this.book.optionsOf(handle.name);
        const { name, revision, stale, age, error, endpoints } = handle;
        return {
          name,
          ...(tag === undefined ? {} : { tag }),
          ...(dc === undefined ? {} : { dc }),
          ...(zone === undefined ? {} : { zone }),
          revision,
          stale,
          ...(age === undefined ? {} : { age }),
          ...(error === undefined ? {} : { error: error.message }),
          endpoints,
        };
      }),
    };
  }
}
