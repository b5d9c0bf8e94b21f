export { SidekickMetricsModule } from './metrics.module.js';
export { type MeterProviderLike, type SidekickMetricsModuleOptions } from './metrics.options.js';
export { MetricNameTakenError } from './prometheus/metric-name-taken.error.js';
export { type PrometheusClient, type PrometheusRegister } from './prometheus/prometheus-client.js';
