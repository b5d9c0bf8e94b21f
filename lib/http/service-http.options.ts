import { type HedgeOptions } from './undici/service-request.js';
import { type ServiceCallOptions } from '../calling/service-calls.js';

/** Options of `ServiceHttpModule`. */
export interface ServiceHttpModuleOptions {
  /**
   * Sends requests to hosts that are not known services on as they are. Otherwise they are an `UnknownServiceError`, and
   * never a DNS look-up.
   *
   * @default false
   */
  readonly passThrough?: boolean;
  /**
   * Seconds for a call, all attempts and the response body included.
   *
   * @default no limit
   */
  readonly timeout?: number;
}

/** Makes options for `forRootAsync` with `useClass` or `useExisting`. */
export interface ServiceHttpOptionsFactory {
  /** Called once at boot. */
  createServiceHttpOptions(): ServiceHttpModuleOptions | Promise<ServiceHttpModuleOptions>;
}

/** How one request is sent to its service. */
export interface ServiceRequestOptions extends ServiceCallOptions {
  /**
   * Seconds for all attempts together, the response body included.
   *
   * @default the module's `timeout`
   */
  readonly timeout?: number;
  /**
   * Also sends an idempotent request to another endpoint when the first is slow, and takes the first answer.
   *
   * @default off
   */
  readonly hedge?: HedgeOptions;
}
