import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

/** Nest destroys modules in ascending order of distance: SidekickModule with its drain is at -1. */
const DISTANCE = -2;

/** Notices the start of the shutdown, before SidekickModule deregisters and drains. */
@Injectable()
export class Leaving implements OnModuleDestroy {
  private left = false;

  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    for (const module of modules.values()) if (module.hasProvider(Leaving)) module.distance = DISTANCE;
  }

  /** Whether the application is shutting down. */
  get begun(): boolean {
    return this.left;
  }

  onModuleDestroy(): void {
    this.left = true;
  }
}
