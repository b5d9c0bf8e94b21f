import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type EndpointStatus } from '../balancing/service-balancing.js';

/** Dependencies of a `ServiceHandle`. */
export interface HandleDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string | undefined;
  /** Seconds. */
  readonly bootTimeout: number;
  /** The names of the listed services, for errors. */
  readonly known: () => readonly string[];
  /** The reason why every list is empty, when the module itself is the reason. */
  readonly empty?: string;
}

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
