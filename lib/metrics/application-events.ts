import { CHANNELS, type HeartbeatMessage, listen, type RequestEndMessage } from '../common/diagnostics.js';
import { endpointLabel } from './application-state.js';
import { type Labels, type MetricSink } from './metric-definitions.js';

/**
 * Counts what the diagnostics channels report of one application. Returns a function that ends it.
 *
 * @param byEndpoint whether durations of calls are reported for each endpoint
 */
export function countEvents(applicationId: string, sink: MetricSink, byEndpoint: boolean): () => void {
  const on = <C extends Parameters<typeof listen>[0]>(
    channel: C,
    listener: (message: Parameters<C['publish']>[0]) => void,
  ): (() => void) => listen(channel as never, applicationId, listener as (message: never) => void);

  const ends = [
    on(CHANNELS.heartbeatRenewed, (message) => {
      sink.add('sidekick_heartbeat_renewals_total', keyOf(message));
    }),
    on(CHANNELS.heartbeatLost, (message) => {
      const { reason = 'unknown' } = message;
      sink.add('sidekick_heartbeat_lost_total', { ...keyOf(message), reason });
    }),
    on(CHANNELS.heartbeatRestored, (message) => {
      sink.add('sidekick_heartbeat_restored_total', keyOf(message));
    }),
    on(CHANNELS.heartbeatPropagated, ({ registry, durationMs }) => {
      sink.observe('sidekick_propagation_seconds', { registry }, durationMs / 1_000);
    }),
    on(CHANNELS.serviceChange, ({ service }) => {
      sink.add('sidekick_service_changes_total', { service_name: service });
    }),
    on(CHANNELS.selectionFailure, ({ service, reason }) => {
      sink.add('sidekick_selection_failures_total', { service_name: service, reason });
    }),
    on(CHANNELS.requestEnd, ({ service, endpoint, outcome, durationMs, grpc }) => {
      const labels = {
        service_name: service,
        outcome,
        ...(byEndpoint ? { endpoint: endpointLabel(endpoint.address, endpoint.port) } : {}),
      };
      // Without a duration: the attempt began before anyone listened.
      if (Number.isFinite(durationMs))
        sink.observe(
          'sidekick_request_duration_seconds',
          labels,
          durationMs / 1_000,
          grpc && grpcAttributes(grpc),
        );
    }),
    on(CHANNELS.requestRetry, ({ service, result }) => {
      sink.add('sidekick_request_retries_total', { service_name: service, result });
    }),
    on(CHANNELS.budgetExhausted, ({ service }) => {
      sink.add('sidekick_retry_budget_exhausted_total', { service_name: service });
    }),
    on(CHANNELS.ejection, ({ service, type, rule, enforced }) => {
      if (type === 'ejected')
        sink.add('sidekick_ejections_total', { service_name: service, rule, enforced: String(enforced) });
    }),
    on(CHANNELS.registryRequest, ({ registry, operation, outcome, durationMs }) => {
      sink.add('sidekick_registry_requests_total', { registry, operation, outcome });
      sink.observe('sidekick_registry_request_duration_seconds', { registry, operation }, durationMs / 1_000);
    }),
    on(CHANNELS.electionChange, ({ election, type }) => {
      sink.add('sidekick_election_changes_total', { name: election, type });
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** The attributes of gRPC's proposal A66, as all implementations of gRPC report calls. The target is the service's. */
function grpcAttributes({ method, status }: NonNullable<RequestEndMessage['grpc']>): Labels {
  return { 'grpc.method': method, 'grpc.status': status };
}

function keyOf({ key }: HeartbeatMessage): { readonly key: string } {
  return { key };
}
