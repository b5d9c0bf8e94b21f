import {
  Inject,
  Injectable,
  Optional,
  type ArgumentMetadata,
  type OnModuleInit,
  type PipeTransform,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { type Endpoint } from '../discovery/endpoint.js';
import { InvalidOptionError } from '../common/errors/index.js';
import { DiscoveryService } from './discovery.service.js';
import { missingModuleError } from './missing-module.error.js';
import { givenHandle, type GivenHandle } from './given-handle.js';
import { ServiceHandle } from './service-handle.js';
import { ServiceUsageExplorer } from './service-usage.explorer.js';
import { getServiceToken } from './piloted.tokens.js';

/** Resolves a handler's `@Service(name)` to the next endpoint. Uses the injected handle, which a test may provide. */
@Injectable()
export class ServicePipe implements PipeTransform<unknown, Endpoint | Promise<Endpoint>>, OnModuleInit {
  private readonly handles = new Map<string, GivenHandle>();

  constructor(
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Optional() @Inject(DiscoveryService) private readonly discovery?: DiscoveryService,
  ) {}

  /**
   * Checks the services in use.
   *
   * @throws InvalidOptionError when neither PilotedModule nor a test provides a service, or when a test provides an array
   * and a class injects the handle
   */
  onModuleInit(): void {
    for (const { kind, service, where } of new ServiceUsageExplorer(this.modules).usages()) {
      if (kind === 'endpoint' && !this.discovery && !this.provided(service))
        throw missingModuleError(`@Service("${service}") of ${where}`);
      if (kind === 'handle' && Array.isArray(this.given(service)))
        throw new InvalidOptionError(
          `Expected the provider of getServiceToken('${service}') to be a ServiceHandle or an object with the members that ${where} uses, got an array. An array of endpoints is for the parameters of handlers.`,
        );
    }
  }

  /** Reads the name from the decorator, since a global pipe may have changed the value. */
  transform(_value: unknown, { data: name = '' }: ArgumentMetadata): Endpoint | Promise<Endpoint> {
    let handle = this.handles.get(name);
    if (!handle) {
      handle = this.find(name);
      this.handles.set(name, handle);
    }
    return handle instanceof ServiceHandle && handle.revision === 0 ? handle.next() : handle.pick();
  }

  private find(name: string): GivenHandle {
    const handle = this.provided(name) ?? this.discovery?.of(name);
    if (!handle) throw missingModuleError(`@Service("${name}")`);
    return handle;
  }

  private provided(name: string): GivenHandle | undefined {
    const given = this.given(name);
    return given === undefined || given === null ? undefined : givenHandle(name, given);
  }

  /** The provider of the handler's module, or else of any module; undefined for a class that was loaded later. */
  private given(name: string): unknown {
    return this.lookUp(name, true) ?? this.lookUp(name, false);
  }

  private lookUp(name: string, strict: boolean): unknown {
    try {
      return this.moduleRef.get<unknown>(getServiceToken(name), { strict });
    } catch {
      return undefined;
    }
  }
}
