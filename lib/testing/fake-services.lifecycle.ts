import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type ModulesContainer } from '@nestjs/core';
import { Subscription } from 'rxjs';
import { currentChange } from '../discovery/service-change.js';
import { ServiceChangeExplorer } from '../piloted/service-change.explorer.js';
import { type ServiceHandles } from '../piloted/service-handles.js';

/** Calls the methods with `@OnServiceChange` of the module under test, and ends the services with it. */
export class FakeServicesLifecycle implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly subscriptions = new Subscription();
  private started = false;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly handles: ServiceHandles,
    private readonly close: () => void,
  ) {}

  onApplicationBootstrap(): void {
    // Nest runs the hooks twice in a microservice that is initialised before it listens.
    if (this.started) return;
    this.started = true;
    const explorer = new ServiceChangeExplorer(this.modules, new Logger('FakeServices'));
    for (const { service, call } of explorer.listeners()) {
      const handle = this.handles.of(service);
      const current = currentChange(service, handle);
      if (current) call(current);
      this.subscriptions.add(handle.changes.subscribe(call));
    }
  }

  onModuleDestroy(): void {
    this.subscriptions.unsubscribe();
    this.close();
  }
}
