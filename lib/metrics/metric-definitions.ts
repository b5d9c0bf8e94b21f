/** Labels of one series. */
export type Labels = Readonly<Record<string, string>>;

/** How the values of equal series are combined: of applications of this process, and of the workers of a cluster. */
export type Aggregation = 'min' | 'max' | 'sum';

interface Described {
  readonly help: string;
  readonly labels: readonly string[];
}

/** A value that is read from the application's objects at each scrape. */
interface GaugeDefinition extends Described {
  readonly aggregation: Aggregation;
  /** Unit in OpenTelemetry's notation. */
  readonly unit?: string;
}

/** A distribution of durations in seconds. */
interface HistogramDefinition extends Described {
  readonly buckets: readonly number[];
}

/** Upper bounds in seconds, as OpenTelemetry recommends them for `http.client.request.duration`. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Upper bounds in seconds. A registry answers within milliseconds, or at a deadline of seconds. */
const REGISTRY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export const GAUGES = Object.freeze({
  sidekick_heartbeat_up: {
    help: 'Whether the key or instance is in the registry and owned by this process (1), or not (0).',
    labels: ['key'],
    aggregation: 'min',
  },
  sidekick_heartbeat_expires_seconds: {
    help: 'Seconds until the key or instance expires without a further renewal.',
    labels: ['key'],
    aggregation: 'min',
    unit: 's',
  },
  sidekick_service_endpoints: {
    help: 'Endpoints in the list of a service, by state: active, ejected or suspect.',
    labels: ['service_name', 'state'],
    aggregation: 'max',
  },
  sidekick_service_list_age_seconds: {
    help: 'Seconds since the last sign of life of the registry for the list of a service.',
    labels: ['service_name'],
    aggregation: 'max',
    unit: 's',
  },
  sidekick_service_stale: {
    help: 'Whether the list of a service may be out of date (1).',
    labels: ['service_name'],
    aggregation: 'max',
  },
  sidekick_requests_active: {
    help: 'Calls to the endpoints in the list of a service that have not ended.',
    labels: ['service_name', 'endpoint'],
    aggregation: 'sum',
  },
  sidekick_ejected_endpoints: {
    help: 'Endpoints of a service that outlier detection leaves out.',
    labels: ['service_name'],
    aggregation: 'max',
  },
  sidekick_panic: {
    help: 'Whether so few endpoints of a service are healthy that ejected ones are picked too (1).',
    labels: ['service_name'],
    aggregation: 'max',
  },
  sidekick_registry_connected: {
    help: 'Whether the last request to the registry reached it (1), or not (0).',
    labels: ['registry'],
    aggregation: 'min',
  },
  sidekick_election_leader: {
    help: 'Whether this process leads the election (1).',
    labels: ['name'],
    aggregation: 'max',
  },
} satisfies Record<string, GaugeDefinition>);

export const COUNTERS = Object.freeze({
  sidekick_heartbeat_renewals_total: {
    help: 'Acknowledged renewals of a key or instance.',
    labels: ['key'],
  },
  sidekick_heartbeat_lost_total: {
    help: 'Times that a key or instance was lost: expired, revoked, deleted or taken over.',
    labels: ['key', 'reason'],
  },
  sidekick_heartbeat_restored_total: {
    help: 'Times that a lost key or instance was registered again.',
    labels: ['key'],
  },
  sidekick_service_changes_total: {
    help: 'New lists of a service.',
    labels: ['service_name'],
  },
  sidekick_selection_failures_total: {
    help: 'Picks that found no endpoint.',
    labels: ['service_name', 'reason'],
  },
  sidekick_request_retries_total: {
    help: 'Retries of calls, by result; exhausted: not sent, since the retry budget was spent.',
    labels: ['service_name', 'result'],
  },
  sidekick_retry_budget_exhausted_total: {
    help: 'Calls that were not sent again, since the retry budget of the service was spent.',
    labels: ['service_name'],
  },
  sidekick_ejections_total: {
    help: 'Endpoints that outlier detection ejected; enforced="false": would have ejected.',
    labels: ['service_name', 'rule', 'enforced'],
  },
  sidekick_registry_requests_total: {
    help: 'Requests to the registry that have ended.',
    labels: ['registry', 'operation', 'outcome'],
  },
  sidekick_election_changes_total: {
    help: 'Changes of an election as this process saw them: elected, deposed, or another leader.',
    labels: ['name', 'type'],
  },
} satisfies Record<string, Described>);

export const HISTOGRAMS = Object.freeze({
  sidekick_request_duration_seconds: {
    help: 'Duration of one attempt of a call.',
    labels: ['service_name', 'outcome', 'endpoint'],
    buckets: REQUEST_BUCKETS,
  },
  sidekick_registry_request_duration_seconds: {
    help: 'Duration of a request to the registry.',
    labels: ['registry', 'operation'],
    buckets: REGISTRY_BUCKETS,
  },
  sidekick_propagation_seconds: {
    help: 'Time from the acknowledgement of an own write until the watch of this process saw it.',
    labels: ['registry'],
    buckets: REGISTRY_BUCKETS,
  },
} satisfies Record<string, HistogramDefinition>);

export type GaugeName = keyof typeof GAUGES;
export type CounterName = keyof typeof COUNTERS;
export type HistogramName = keyof typeof HISTOGRAMS;

/** The value of a gauge at one moment. */
export interface Sample {
  readonly name: GaugeName;
  readonly labels: Labels;
  readonly value: number;
}

/** Receives what has happened in an application. */
export interface MetricSink {
  add(name: CounterName, labels: Labels, value?: number): void;
  /**
   * @param seconds the duration
   * @param attributes those of gRPC for OpenTelemetry, which are no labels in Prometheus
   */
  observe(name: HistogramName, labels: Labels, seconds: number, attributes?: Labels): void;
}
