import {
  QueryVariableBuilder,
  DashboardBuilder,
  DatasourceVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** The variable of the data source. Provisioned dashboards have no `__inputs`. */
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** Columns of the grid. */
const WIDTH = 24;
const HEIGHT = 8;
const STAT_HEIGHT = 4;

/** The rows: a title, and its panels as `[title, unit, help, ...[expression, legend]]`. */
const ROWS = [
  [
    'Registrations',
    [
      [
        'In the registry',
        'short',
        'Instances of the application that keep each key or service registered. 0: nothing keeps it.',
        ['sum by (key) (sidekick_heartbeat_up{job=~"$job"})', '{{key}}'],
      ],
      [
        'Time to expiry',
        's',
        'The shortest time for which an entry outlives its last renewal. It stays above two thirds of the TTL.',
        ['min by (key) (sidekick_heartbeat_expires_seconds{job=~"$job"})', '{{key}}'],
      ],
      [
        'Renewals',
        'cps',
        'Acknowledged renewals: one each third of the TTL, of each instance.',
        ['sum by (key) (rate(sidekick_heartbeat_renewals_total{job=~"$job"}[$__rate_interval]))', '{{key}}'],
      ],
      [
        'Lost and restored',
        'short',
        'Losses by reason, and returns.',
        [
          'sum by (key, reason) (increase(sidekick_heartbeat_lost_total{job=~"$job"}[$__rate_interval]))',
          '{{key}} lost: {{reason}}',
        ],
        [
          'sum by (key) (increase(sidekick_heartbeat_restored_total{job=~"$job"}[$__rate_interval]))',
          '{{key}} restored',
        ],
      ],
    ],
  ],
  [
    'Services',
    [
      [
        'Endpoints',
        'short',
        'Endpoints as the client with the most sees them.',
        [
          'max by (service_name, state) (sidekick_service_endpoints{job=~"$job",service_name=~"$service"})',
          '{{service_name}} {{state}}',
        ],
      ],
      [
        'Clients with a stale list',
        'short',
        'Clients that serve the last good list while the registry does not answer.',
        [
          'sum by (service_name) (sidekick_service_stale{job=~"$job",service_name=~"$service"})',
          '{{service_name}}',
        ],
      ],
      [
        'Age of the list',
        's',
        'Seconds since the registry last gave a sign of life. Below 10 s while it answers.',
        [
          'max by (service_name) (sidekick_service_list_age_seconds{job=~"$job",service_name=~"$service"})',
          '{{service_name}}',
        ],
      ],
      [
        'Changes',
        'short',
        'New lists. A steady rate without deployments means instances that flap.',
        [
          'sum by (service_name) (increase(sidekick_service_changes_total{job=~"$job",service_name=~"$service"}[$__rate_interval]))',
          '{{service_name}}',
        ],
      ],
    ],
  ],
  [
    'Calls',
    [
      [
        'Attempts',
        'reqps',
        'Attempts of calls by outcome.',
        [
          'sum by (service_name, outcome) (rate(sidekick_request_duration_seconds_count{job=~"$job",service_name=~"$service"}[$__rate_interval]))',
          '{{service_name}} {{outcome}}',
        ],
      ],
      [
        'Duration, 50th and 99th percentile',
        's',
        'Duration of one attempt.',
        [
          'histogram_quantile(0.5, sum by (service_name, le) (rate(sidekick_request_duration_seconds_bucket{job=~"$job",service_name=~"$service"}[$__rate_interval])))',
          '{{service_name}} p50',
        ],
        [
          'histogram_quantile(0.99, sum by (service_name, le) (rate(sidekick_request_duration_seconds_bucket{job=~"$job",service_name=~"$service"}[$__rate_interval])))',
          '{{service_name}} p99',
        ],
      ],
      [
        'In flight',
        'short',
        'Calls that have not ended.',
        [
          'sum by (service_name) (sidekick_requests_active{job=~"$job",service_name=~"$service"})',
          '{{service_name}}',
        ],
      ],
      [
        'Retries',
        'reqps',
        'Retries by result, and calls for which the retry budget was spent.',
        [
          'sum by (service_name, result) (rate(sidekick_request_retries_total{job=~"$job",service_name=~"$service"}[$__rate_interval]))',
          '{{service_name}} {{result}}',
        ],
        [
          'sum by (service_name) (rate(sidekick_retry_budget_exhausted_total{job=~"$job",service_name=~"$service"}[$__rate_interval]))',
          '{{service_name}} budget spent',
        ],
      ],
      [
        'Ejections',
        'short',
        'Endpoints that outlier detection leaves out now, new ejections, and clients in panic.',
        [
          'max by (service_name) (sidekick_ejected_endpoints{job=~"$job",service_name=~"$service"})',
          '{{service_name}} ejected',
        ],
        [
          'sum by (service_name, rule) (increase(sidekick_ejections_total{job=~"$job",service_name=~"$service"}[$__rate_interval]))',
          '{{service_name}} {{rule}}',
        ],
        [
          'sum by (service_name) (sidekick_panic{job=~"$job",service_name=~"$service"})',
          '{{service_name}} in panic',
        ],
      ],
      [
        'Picks without an endpoint',
        'short',
        'Calls that failed because the list was empty or never loaded.',
        [
          'sum by (service_name, reason) (increase(sidekick_selection_failures_total{job=~"$job",service_name=~"$service"}[$__rate_interval]))',
          '{{service_name}} {{reason}}',
        ],
      ],
    ],
  ],
  [
    'Registry and elections',
    [
      [
        'Clients without a connection',
        'short',
        'Processes whose last request did not reach the registry.',
        ['count by (registry) (sidekick_registry_connected{job=~"$job"} == 0) or vector(0)', '{{registry}}'],
      ],
      [
        'Requests to the registry',
        'reqps',
        'Requests by operation and outcome. Watches are not among them.',
        [
          'sum by (operation, outcome) (rate(sidekick_registry_requests_total{job=~"$job"}[$__rate_interval]))',
          '{{operation}} {{outcome}}',
        ],
      ],
      [
        'Duration of requests, 99th percentile',
        's',
        'A renewal must end within a third of the TTL.',
        [
          'histogram_quantile(0.99, sum by (operation, le) (rate(sidekick_registry_request_duration_seconds_bucket{job=~"$job"}[$__rate_interval])))',
          '{{operation}}',
        ],
      ],
      [
        'Propagation, 99th percentile',
        's',
        'From the acknowledgement of an own write until the watch of the same process has seen it.',
        [
          'histogram_quantile(0.99, sum by (registry, le) (rate(sidekick_propagation_seconds_bucket{job=~"$job"}[$__rate_interval])))',
          '{{registry}}',
        ],
      ],
      [
        'Leaders',
        'short',
        'Processes that lead each election. 1, or 0 for a moment during a change.',
        ['sum by (name) (sidekick_election_leader{job=~"$job"})', '{{name}}'],
      ],
      [
        'Changes of leadership',
        'short',
        'Elections that this fleet won or lost.',
        [
          'sum by (name, type) (increase(sidekick_election_changes_total{job=~"$job",type!="leader"}[$__rate_interval]))',
          '{{name}} {{type}}',
        ],
      ],
    ],
  ],
];

/** The numbers at the top. */
const STATS = [
  ['Keys that nothing keeps', 'count(max by (key) (sidekick_heartbeat_up{job=~"$job"}) == 0) or vector(0)'],
  [
    'Services without endpoints',
    'count(max by (service_name) (sidekick_service_endpoints{job=~"$job",state="active"}) == 0) or vector(0)',
  ],
  [
    'Services with a stale list',
    'count(max by (service_name) (sidekick_service_stale{job=~"$job"}) == 1) or vector(0)',
  ],
  ['Services in panic', 'count(max by (service_name) (sidekick_panic{job=~"$job"}) == 1) or vector(0)'],
];

const query = (expression, legend = '') =>
  new DataqueryBuilder().datasource(DATASOURCE).expr(expression).legendFormat(legend);

function statPanel([title, expression]) {
  return new StatBuilder()
    .title(title)
    .datasource(DATASOURCE)
    .height(STAT_HEIGHT)
    .span(WIDTH / STATS.length)
    .withTarget(query(expression));
}

function seriesPanel([title, unit, help, ...queries], width) {
  const panel = new TimeseriesBuilder()
    .title(title)
    .description(help)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .height(HEIGHT)
    .span(width);
  for (const [expression, legend] of queries) panel.withTarget(query(expression, legend));
  return panel;
}

/** Returns the dashboard in Grafana's classic JSON. */
export function dashboard() {
  const built = new DashboardBuilder('nestjs-sidekick')
    .uid('nestjs-sidekick')
    .description(
      'Registrations, services, calls, registries and elections of applications with nestjs-sidekick.',
    )
    .tags(['nestjs-sidekick'])
    .timezone('browser')
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(variable('job', 'Job', 'label_values(sidekick_registry_connected, job)'))
    .withVariable(
      variable('service', 'Service', 'label_values(sidekick_service_stale{job=~"$job"}, service_name)'),
    );
  for (const stat of STATS) built.withPanel(statPanel(stat));
  for (const [title, panels] of ROWS) {
    built.withRow(new RowBuilder(title));
    const width = panels.length % 3 === 0 ? WIDTH / 3 : WIDTH / 2;
    for (const panel of panels) built.withPanel(seriesPanel(panel, width));
  }
  return built.build();
}

function variable(name, label, definition) {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(definition)
    .refresh(2)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .sort(1);
}
