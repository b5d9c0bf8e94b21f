import { type CounterName, type Labels, type MetricSink, type Sample } from './metric-definitions.js';

const LOST_REASONS = ['expired', 'revoked', 'deleted', 'overwritten', 'taken-over'];
const SELECTION_REASONS = ['never-answered', 'empty', 'excluded'];
const RETRY_RESULTS = ['success', 'failure', 'exhausted'];
const EJECTION_RULES = ['consecutive-failures', 'success-rate', 'failure-percentage', 'retry-after'];

/** The counters that begin at 0 for each key, service and election, with the labels that are known beforehand. */
function knownSeries({ name, labels }: Sample): readonly (readonly [CounterName, Labels])[] {
  switch (name) {
    case 'sidekick_heartbeat_up':
      return [
        ['sidekick_heartbeat_renewals_total', labels],
        ['sidekick_heartbeat_restored_total', labels],
        ...LOST_REASONS.map((reason) => ['sidekick_heartbeat_lost_total', { ...labels, reason }] as const),
      ];
    case 'sidekick_service_stale':
      return [
        ['sidekick_service_changes_total', labels],
        ['sidekick_retry_budget_exhausted_total', labels],
        ...RETRY_RESULTS.map((result) => ['sidekick_request_retries_total', { ...labels, result }] as const),
        ...EJECTION_RULES.map(
          (rule) => ['sidekick_ejections_total', { ...labels, rule, enforced: 'true' }] as const,
        ),
        ...SELECTION_REASONS.map(
          (reason) => ['sidekick_selection_failures_total', { ...labels, reason }] as const,
        ),
      ];
    case 'sidekick_election_leader':
      return ['elected', 'deposed', 'leader'].map(
        (type) => ['sidekick_election_changes_total', { ...labels, type }] as const,
      );
    default:
      return [];
  }
}

/**
 * Exports counters with 0 before their first event. A counter that appears with the value 1 has no increase for
 * Prometheus, so that an alert would miss the first event.
 */
export class KnownSeries {
  private readonly begun = new Set<string>();

  constructor(private readonly sink: MetricSink) {}

  /** @param samples with limited labels */
  begin(samples: Iterable<Sample>): void {
    for (const sample of samples) {
      const subject = sample.labels.key ?? sample.labels.service_name ?? sample.labels.name;
      const id = `${sample.name} ${subject ?? ''}`;
      if (this.begun.has(id)) continue;
      this.begun.add(id);
      for (const [name, labels] of knownSeries(sample)) this.sink.add(name, labels, 0);
    }
  }
}
