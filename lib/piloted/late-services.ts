import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { addLateProvider, type StringProvider } from '../nest/add-late-provider.js';
import { getServiceToken } from './piloted.tokens.js';
import { type ServiceHandle } from './service-handle.js';
import { ServiceHandles } from './service-handles.js';
import { onServiceName, recordedServices } from './service-usage.js';

/** Provides the services that only the classes of lazy modules inject. */
@Injectable()
export class LateServices implements OnModuleInit, OnModuleDestroy {
  private readonly removeListener: () => void;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {
    this.removeListener = onServiceName(this);
  }

  /** A service that a class names and none injects has the value undefined until here, so that it is not watched. */
  onModuleInit(): void {
    const own = [...this.modules.values()].filter((module) => module.hasProvider(LateServices));
    for (const name of recordedServices())
      for (const module of own) {
        const known = module.providers.get(getServiceToken(name));
        if (known && known.instance === undefined) module.addProvider(lateProvider(name));
      }
  }

  /** A class that was loaded after the application was created names a service. */
  onName(name: string): void {
    addLateProvider(this.modules, LateServices, lateProvider(name));
  }

  onModuleDestroy(): void {
    this.removeListener();
  }
}

/** Used only by a class that injects the service. An unknown one is an error, as it is at the boot. */
function lateProvider(name: string): StringProvider<ServiceHandle> {
  return {
    provide: getServiceToken(name),
    inject: [ServiceHandles],
    useFactory: (handles: ServiceHandles): ServiceHandle => handles.of(name),
  };
}
