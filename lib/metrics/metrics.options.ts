import { type PrometheusClient, type PrometheusRegister } from './prometheus/prometheus-client.js';

/** A provider of OpenTelemetry meters, as `@opentelemetry/api` describes it. */
export interface MeterProviderLike {
  /** A meter by the name and version of the library that measures. */
  getMeter(name: string, version?: string): unknown;
}

/** Options of `SidekickMetricsModule.forRoot`. */
export interface SidekickMetricsModuleOptions {
  /**
   * The module `prom-client` 15, or `@prometheus-io/client` 0.16 on Node 22 or later.
   *
   * @default the one that is installed; with both, `prom-client`
   */
  readonly client?: PrometheusClient;
  /**
   * The register that the application exposes.
   *
   * @default the client's default register
   */
  readonly register?: PrometheusRegister;
  /**
   * Whether metrics of calls have a label `endpoint`, such as `10.0.0.1:8080`. The number of series then grows with the
   * number of instances.
   *
   * @default false
   */
  readonly instanceLabel?: boolean;
  /**
   * Reports to OpenTelemetry: `true` for the global meter provider, or a provider. Without `client` and `register`, the
   * application then needs no Prometheus client.
   *
   * @default none
   */
  readonly meterProvider?: MeterProviderLike | true;
}
