import { type EndpointStatus } from '../balancing/service-balancing.js';

/** Options of `ServiceHandle.ready`. */
export interface ReadyOptions {
  /**
   * Least number of endpoints; 0 waits for the first list, even if it is empty.
   *
   * @default 1
   */
  readonly min?: number;
  /**
   * Timeout in seconds.
   *
   * @default the module's `bootTimeout`
   */
  readonly timeout?: number;
}

/** Options of `ServiceHandle.url` and `ServiceHandle.urlOf`. */
export interface UrlOptions {
  /** @default 'http' */
  readonly protocol?: string;
  /**
   * Name of one of the endpoint's `ports`.
   *
   * @default the endpoint's `port`
   */
  readonly port?: string;
}

/** What a handle knows of one endpoint. */
export interface HandleEndpointStatus extends Omit<EndpointStatus, 'state'> {
  /**
   * `ejected`: left out by outlier detection. `suspect`: gone from the registry, and still picked because of the
   * `expiryGuard`.
   */
  readonly state: EndpointStatus['state'] | 'suspect';
}
