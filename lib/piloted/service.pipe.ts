import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type Endpoint } from '../discovery/endpoint.js';
import { DiscoveryService } from './discovery.service.js';
import { ServiceHandle } from './service-handle.js';
import { getServiceToken } from './service.token.js';

/** Turns a handler's `@Service(name)` into the next endpoint. Asks the injected handle, so that a test's own is used. */
@Injectable()
export class ServicePipe implements PipeTransform<unknown, Endpoint | Promise<Endpoint>> {
  private readonly handles = new Map<string, Pick<ServiceHandle, 'pick'>>();

  constructor(
    private readonly modules: ModuleRef,
    private readonly discovery: DiscoveryService,
  ) {}

  /** The name is read from the decorator and not from the value, which a global pipe may have changed. */
  transform(_value: unknown, { data: name = '' }: ArgumentMetadata): Endpoint | Promise<Endpoint> {
    let handle = this.handles.get(name);
    if (!handle) {
      handle = this.find(name);
      this.handles.set(name, handle);
    }
    return handle instanceof ServiceHandle && handle.revision === 0 ? handle.next() : handle.pick();
  }

  private find(name: string): Pick<ServiceHandle, 'pick'> {
    try {
      const handle = this.modules.get<ServiceHandle | undefined>(getServiceToken(name), { strict: false });
      return handle ?? this.discovery.of(name);
    } catch {
      // A class that was loaded after the module was made: its name has no provider.
      return this.discovery.of(name);
    }
  }
}
