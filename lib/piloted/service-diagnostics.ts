import { CHANNELS } from '../common/diagnostics.js';
import { type Endpoint } from '../discovery/endpoint.js';
import { type ServiceChange } from '../discovery/service-change.js';

const idsOf = (endpoints: readonly Endpoint[]): readonly string[] =>
  Object.freeze(endpoints.map(({ id }) => id));

/** Publishes a new list to `sidekick:service:change`. */
export function publishChange(applicationId: string | undefined, change: ServiceChange): void {
  if (!CHANNELS.serviceChange.hasSubscribers) return;
  const { service, revision, added, removed, updated, endpoints } = change;
  CHANNELS.serviceChange.publish(
    Object.freeze({
      applicationId,
      service,
      revision,
      added: idsOf(added),
      removed: idsOf(removed),
      updated: idsOf(updated),
      endpoints: endpoints.length,
    }),
  );
}

/** Publishes a pick that found no endpoint to `sidekick:selection:failure`. */
export function publishSelectionFailure(
  applicationId: string | undefined,
  service: string,
  reason: string,
): void {
  if (!CHANNELS.selectionFailure.hasSubscribers) return;
  CHANNELS.selectionFailure.publish(Object.freeze({ applicationId, service, reason }));
}
