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
export function attributesOf(name: MetricName, labels: Labels): Record<string, string | number> {
  const names = name in NAMES ? CLIENT_ATTRIBUTES : ATTRIBUTES;
  const { endpoint, ...others } = labels;
  const attributes = Object.entries(others).map(([label, value]) => [names[label] ?? label, value] as const);
  return { ...Object.fromEntries(attributes), ...(endpoint === undefined ? {} : peerOf(endpoint)) };
}

/** @param endpoint `10.0.0.1:80` or `[fd00::1]:80` */
function peerOf(endpoint: string): Record<string, string | number> {
  const colon = endpoint.lastIndexOf(':');
  return {
    'network.peer.address': endpoint.slice(0, colon).replace(/^\[|\]$/g, ''),
    'network.peer.port': Number(endpoint.slice(colon + 1)),
  };
}
