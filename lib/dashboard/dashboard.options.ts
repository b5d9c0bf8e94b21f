import { type CanActivate, type DynamicModule, type InjectionToken, type Type } from '@nestjs/common';

/** Options that may come from a factory. */
export interface DashboardOptions {
  /**
   * Heading of the page.
   *
   * @default the name of the registered service, or 'nestjs-sidekick'
   */
  readonly title?: string;
}

/** How the page is mounted. */
export interface DashboardMount {
  /**
   * Path of the page, below the global prefix and without an API version.
   *
   * @default 'sidekick'
   */
  readonly path?: string;
  /**
   * Guards of the event stream, which holds all data: classes, whose dependencies are in `imports`, or instances.
   *
   * @default none, with one warning at boot
   */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * Whether the guards protect the page's file too. It holds no data, and a browser cannot send a token with it.
   *
   * @default false
   */
  readonly guardPage?: boolean;
  /** Modules that provide what the guards inject. */
  readonly imports?: DynamicModule['imports'];
}

/** Options of `SidekickDashboardModule.forRoot`. */
export interface SidekickDashboardModuleOptions extends DashboardOptions, DashboardMount {}

/** Options of `SidekickDashboardModule.forRootAsync`. */
export interface SidekickDashboardModuleAsyncOptions extends DashboardMount {
  readonly inject?: InjectionToken[];
  /** Makes the options from the providers of `inject`. */
  readonly useFactory: (...args: never[]) => DashboardOptions | Promise<DashboardOptions>;
}
