import { type CounterName, type GaugeName, type HistogramName, type Labels } from '../metric-definitions.js';

type MetricName = GaugeName | CounterName | HistogramName;

/** Instruments whose names OpenTelemetry's conventions suggest. */
const NAMES: Partial<Record<MetricName, string>> = {
  sidekick_request_duration_seconds: 'sidekick.client.request.duration',
  sidekick_requests_active: 'sidekick.client.active_requests',
};

/** Attributes of these instruments, as `http.client.request.duration` has them. */
const CLIENT_ATTRIBUTES: Readonly<Record<string, string>> = {
  service_name: 'server.address',
  endpoint: 'network.peer.address',
  outcome: 'outcome',
};

/** The attributes of all other instruments. `service.name` would be the name of the reporting process. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  service_name: 'sidekick.service',
};

/** The name of an instrument: `sidekick.heartbeat.up`. */
export function instrumentName(name: MetricName): string {
  return NAMES[name] ?? name.replace(/_(total|seconds)$/, '').replaceAll('_', '.');
}

/** The attributes of a series. */
export function attributesOf(name: MetricName, labels: Labels): Record<string, string> {
  const names = name in NAMES ? CLIENT_ATTRIBUTES : ATTRIBUTES;
  return Object.fromEntries(Object.entries(labels).map(([label, value]) => [names[label] ?? label, value]));
}
