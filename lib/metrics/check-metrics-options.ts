import { checkFields, FLAG_FIELD } from '../common/check-fields.js';
import { type SidekickMetricsModuleOptions } from './metrics.options.js';
import { clientOf } from './prometheus/load-client.js';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** @throws InvalidOptionError that names the first invalid option */
export function checkMetricsOptions(options: SidekickMetricsModuleOptions): void {
  checkFields('SidekickMetricsModule', options, {
    client: {
      what: 'the module prom-client or @prometheus-io/client',
      holds: (value) =>
        isObject(value) && typeof (clientOf(value) as Partial<PrometheusShape>).Gauge === 'function',
    },
    register: {
      what: 'a Registry of prom-client or @prometheus-io/client',
      holds: (value) => isObject(value) && typeof value.registerMetric === 'function',
    },
    instanceLabel: FLAG_FIELD,
    meterProvider: {
      what: 'true or a meter provider of OpenTelemetry',
      holds: (value) => value === true || (isObject(value) && typeof value.getMeter === 'function'),
    },
  });
}

interface PrometheusShape {
  readonly Gauge: unknown;
}
