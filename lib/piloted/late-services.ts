import { Inject, Injectable, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { getServiceToken } from './piloted.tokens.js';
import { type ServiceHandle } from './service-handle.js';
import { ServiceHandles } from './service-handles.js';
import { onServiceName } from './service-usage.js';

/** Provides the services that only classes name which are loaded after the application was created, such as lazy modules. */
@Injectable()
export class LateServices implements OnModuleDestroy {
  private readonly removeListener: () => void;

  constructor(@Inject(ModulesContainer) private readonly modules: ModulesContainer) {
    this.removeListener = onServiceName(this);
  }

  onName(name: string): void {
    const token = getServiceToken(name);
    for (const module of this.modules.values()) {
      if (!module.hasProvider(LateServices) || module.hasProvider(token)) continue;
      module.addProvider(lateProvider(name));
      module.addExportedProviderOrModule(token);
    }
  }

  onModuleDestroy(): void {
    this.removeListener();
  }
}

/** Used only by a class that injects the service. An unknown one is an error, as it is at the boot. */
function lateProvider(name: string): Provider {
  return {
    provide: getServiceToken(name),
    inject: [ServiceHandles],
    useFactory: (handles: ServiceHandles): ServiceHandle => handles.of(name),
  };
}
