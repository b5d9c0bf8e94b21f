import { Inject, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Subscription } from 'rxjs';
import { type FoundListener } from './service-change.explorer.js';
import { currentChange } from './service-change.js';
import { type ServiceHandle } from './service-handle.js';

/** Nest destroys modules by ascending distance: SidekickModule with its drain is at -1, the root module above 0. */
const DISTANCE = -0.5;

/**
 * The subscriptions of the methods with `@OnServiceChange`. In a module of its own, because they end at another time
 * than the lists: after the drain and before `onModuleDestroy` of the providers whose methods are called.
 */
@Injectable()
export class ServiceChangeSubscriptions implements OnModuleDestroy {
  private readonly subscriptions = new Subscription();

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    for (const module of modules.values())
      if (module.hasProvider(ServiceChangeSubscriptions)) module.distance = DISTANCE;
  }

  /** Calls `call` with the current list, where there is one, and with each that follows. */
  add(handle: ServiceHandle, call: FoundListener['call']): void {
    if (this.subscriptions.closed) return;
    const current = currentChange(handle);
    if (current) call(current);
    this.subscriptions.add(handle.changes.subscribe(call));
  }

  onModuleDestroy(): void {
    this.subscriptions.unsubscribe();
  }
}

/** Gives {@link ServiceChangeSubscriptions} its own place in the order of shutdown. */
@Module({ providers: [ServiceChangeSubscriptions], exports: [ServiceChangeSubscriptions] })
export class ServiceChangeModule {}
