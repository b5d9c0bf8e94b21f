import { type DynamicModule, Inject, Logger, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { systemClock } from '../common/clock.js';
import { DashboardRecorder } from './dashboard-recorder.js';
import { dashboardRows } from './dashboard-rows.js';
import { DashboardStreams } from './dashboard-streams.js';
import { dashboardController, DEFAULT_PATH } from './dashboard.controller.js';
import {
  type DashboardMount,
  type DashboardOptions,
  type SidekickDashboardModuleAsyncOptions,
  type SidekickDashboardModuleOptions,
} from './dashboard.options.js';
import { Sources } from './sources.js';

const OPTIONS = Symbol('nestjs-sidekick:dashboard-options');
const MOUNT = Symbol('nestjs-sidekick:dashboard-mount');

/** The prefix of the tokens by which Nest registers guards for all routes. */
const GLOBAL_GUARD = 'APP_GUARD';

/**
 * Mounts a live page of the application's services, registrations and elections: `GET /sidekick` is the page and
 * `GET /sidekick/events` its data. Put it behind guards: the data name every instance and its address.
 */
@Module({})
export class SidekickDashboardModule implements OnApplicationBootstrap {
  constructor(
    @Inject(MOUNT) private readonly mount: DashboardMount,
    private readonly modules: ModulesContainer,
  ) {}

  /** @throws InvalidOptionError when `path` is not a path */
  static forRoot(options: SidekickDashboardModuleOptions = {}): DynamicModule {
    const { title } = options;
    return mounted(options, { provide: OPTIONS, useValue: title === undefined ? {} : { title } });
  }

  /**
   * As {@link SidekickDashboardModule.forRoot}, with the other options from a factory. The path, the guards and their
   * imports are given outside of it, since Nest needs them before it calls the factory.
   */
  static forRootAsync(options: SidekickDashboardModuleAsyncOptions): DynamicModule {
    const { inject = [], useFactory } = options;
    return mounted(options, { provide: OPTIONS, inject, useFactory });
  }

  /** Warns when nothing protects the page. */
  onApplicationBootstrap(): void {
    const { path = DEFAULT_PATH, guards = [] } = this.mount;
    if (guards.length > 0 || this.hasGlobalGuard()) return;
    new Logger('SidekickDashboard').warn(
      `/${path} has no guards: everyone who reaches this server sees the names and addresses of all instances. ` +
        `Give \`guards\` to SidekickDashboardModule, or let nobody outside reach the path.`,
    );
  }

  private hasGlobalGuard(): boolean {
    return [...this.modules.values()].some((module) =>
      [...module.providers.keys()].some((token) => String(token).startsWith(GLOBAL_GUARD)),
    );
  }
}

function mounted(
  mount: DashboardMount,
  options: NonNullable<DynamicModule['providers']>[number],
): DynamicModule {
  return {
    module: SidekickDashboardModule,
    imports: [...(mount.imports ?? [])],
    controllers: [dashboardController(mount)],
    providers: [
      options,
      { provide: MOUNT, useValue: mount },
      Sources,
      {
        provide: DashboardRecorder,
        inject: [Sources, ModulesContainer],
        useFactory: (sources: Sources, { applicationId }: ModulesContainer) =>
          new DashboardRecorder({ sources, applicationId, clock: systemClock }),
      },
      {
        provide: DashboardStreams,
        inject: [OPTIONS, Sources, DashboardRecorder],
        useFactory: ({ title }: DashboardOptions, sources: Sources, recorder: DashboardRecorder) => {
          const startedAt = systemClock.wall();
          return new DashboardStreams(systemClock, () =>
            dashboardRows({
              sources,
              recorder,
              now: systemClock.wall(),
              title: title ?? sources.title,
              startedAt,
            }),
          );
        },
      },
    ],
  };
}
