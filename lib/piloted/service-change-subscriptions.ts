import { Inject, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Subscription } from 'rxjs';
import { type FoundListener } from './service-change.explorer.js';
import { currentChange } from '../discovery/service-change.js';
import { type ServiceHandle } from './service-handle.js';

/** Nest destroys modules in ascending order of distance: SidekickModule with its drain is at -1, the root module above 0. */
const DISTANCE = -0.5;

/**
 * The subscriptions of methods with `@OnServiceChange`. They have a module of their own, because they end before the
 * lists do: after the drain, and before `onModuleDestroy` of the providers whose methods are called.
 */
@Injectable()
export class ServiceChangeSubscriptions implements OnModuleDestroy {
  private readonly subscriptions = new Subscription();

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    for (const module of modules.values())
      if (module.hasProvider(ServiceChangeSubscriptions)) module.distance = DISTANCE;
  }

  /** Calls `call` with the current list, if there is one, and with each further change. */
  add(handle: ServiceHandle, call: FoundListener['call']): void {
    if (this.subscriptions.closed) return;
    const current = currentChange(handle.name, handle);
    if (current) call(current);
    this.subscriptions.add(handle.changes.subscribe(call));
  }

  onModuleDestroy(): void {
    this.subscriptions.unsubscribe();
  }
}

/** Gives {@link ServiceChangeSubscriptions} its own position in the shutdown order. */
@Module({ providers: [ServiceChangeSubscriptions], exports: [ServiceChangeSubscriptions] })
export class ServiceChangeModule {}
