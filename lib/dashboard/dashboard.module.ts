import {
  type DynamicModule,
  Inject,
  Logger,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationBootstrap,
  RequestMethod,
} from '@nestjs/common';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { systemClock } from '../common/clock.js';
import { trimTrailingSlashes } from '../common/strings.js';
import {
  checkAsyncDashboardOptions,
  checkDashboardOptions,
  checkMadeOptions,
} from './check-dashboard-options.js';
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
import { RegistryMembers } from './registry-members.js';
import { Sources } from './sources.js';

const OPTIONS = Symbol('nestjs-sidekick:dashboard-options');
const MOUNT = Symbol('nestjs-sidekick:dashboard-mount');

/**
 * Mounts a live page of the application's services, registrations and elections: `GET /sidekick` is the page and
 * `GET /sidekick/events` its data. Put it behind guards: the data name every instance and its address.
 */
@Module({})
export class SidekickDashboardModule implements NestModule, OnApplicationBootstrap {
  constructor(
    @Inject(MOUNT) private readonly mount: DashboardMount,
    private readonly config: ApplicationConfig,
  ) {}

  /** @throws InvalidOptionError for an invalid or unknown option */
  static forRoot(options: SidekickDashboardModuleOptions = {}): DynamicModule {
    checkDashboardOptions(options);
    const { title } = options;
    return mounted(options, { provide: OPTIONS, useValue: title === undefined ? {} : { title } });
  }

  /**
   * As {@link SidekickDashboardModule.forRoot}, with the other options from a factory. The path, the guards and their
   * imports are given outside of it, since Nest needs them before it calls the factory.
   *
   * @throws InvalidOptionError for an invalid or unknown option; from the boot for one of the factory
   */
  static forRootAsync(options: SidekickDashboardModuleAsyncOptions): DynamicModule {
    checkAsyncDashboardOptions(options);
    const { inject = [], useFactory } = options;
    const make = async (...args: never[]): Promise<DashboardOptions> => {
      const made = await useFactory(...args);
      checkMadeOptions(made);
      return made;
    };
    return mounted(options, { provide: OPTIONS, inject, useFactory: make });
  }

  /** Answers a path with a slash at its end too, which Fastify takes for another path. */
  configure(consumer: MiddlewareConsumer): void {
    const { path = DEFAULT_PATH } = this.mount;
    consumer.apply(redirectWithoutSlash).forRoutes({ path, method: RequestMethod.GET });
  }

  /** Warns when nothing protects the page. */
  onApplicationBootstrap(): void {
    const { path = DEFAULT_PATH, guards = [] } = this.mount;
    if (guards.length > 0 || this.hasGlobalGuard()) return;
    new Logger('SidekickDashboard').warn(
      `${this.urlOf(path)} has no guards: everyone who reaches this server sees the names and addresses of all instances. ` +
        `Give \`guards\` to SidekickDashboardModule, or block the path for clients from outside.`,
    );
  }

  /** The path of the page, with the global prefix unless the application excludes the page from it. */
  private urlOf(path: string): string {
    const { exclude = [] } = this.config.getGlobalPrefixOptions();
    const own = path.replace(/^\/+/, '');
    const excluded = exclude.some(
      ({ pathRegex, requestMethod }) =>
        (requestMethod === RequestMethod.ALL || requestMethod === RequestMethod.GET) &&
        pathRegex.test(`/${own}`),
    );
    const prefix = excluded ? '' : this.config.getGlobalPrefix().replace(/^\/+|\/+$/g, '');
    return `/${[prefix, own].filter((part) => part !== '').join('/')}`;
  }

  /** Guards of `APP_GUARD`, with any scope, and of `app.useGlobalGuards()`. */
  private hasGlobalGuard(): boolean {
    const { config } = this;
    return config.getGlobalGuards().length + config.getGlobalRequestGuards().length > 0;
  }
}

interface OriginalRequest extends IncomingMessage {
  /** The URL before a framework has shortened it. */
  readonly originalUrl?: string;
}

function redirectWithoutSlash(request: OriginalRequest, response: ServerResponse, next: () => void): void {
  const [given = '', query] = (request.originalUrl ?? request.url ?? '').split('?', 2);
  // Without a second slash at its beginning, which would be another host.
  const path = trimTrailingSlashes(given).replace(/^\/+/, '');
  // The root of the server is a slash and nothing else.
  if (!given.endsWith('/') || path === '') {
    next();
    return;
  }
  const target = `/${path}${query === undefined ? '' : `?${query}`}`;
  response.writeHead(308, { location: target }).end();
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
          const members = new RegistryMembers({
            registries: sources.registries,
            clock: systemClock,
            random: Math.random,
            logger: new Logger('SidekickDashboard'),
          });
          return new DashboardStreams(systemClock, () =>
            dashboardRows({
              sources,
              recorder,
              members,
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
