import { CHANNELS } from '../common/diagnostics.js';
import { type EntryKey } from '../registry/entry-record.js';
import { type LostReason } from './registration-machine.js';

/**
 * Publishes to one of the `sidekick:heartbeat:…` channels.
 *
 * @param reason only with `heartbeatLost`
 */
export function publishHeartbeat(
  channel: 'heartbeatRenewed' | 'heartbeatLost' | 'heartbeatRestored',
  applicationId: string | undefined,
  entryKey: EntryKey,
  reason?: LostReason,
): void {
  if (!CHANNELS[channel].hasSubscribers) return;
  CHANNELS[channel].publish(
    Object.freeze({ applicationId, ...subjectOf(entryKey), ...(reason === undefined ? {} : { reason }) }),
  );
}

/** Publishes that the watch has seen an own write, to `sidekick:heartbeat:propagated`. */
export function publishPropagation(
  applicationId: string | undefined,
  registry: string,
  entryKey: EntryKey,
  durationMs: number,
): void {
  if (!CHANNELS.heartbeatPropagated.hasSubscribers) return;
  CHANNELS.heartbeatPropagated.publish(
    Object.freeze({ applicationId, ...subjectOf(entryKey), registry, durationMs }),
  );
}

function subjectOf(entryKey: EntryKey): { readonly key: string; readonly id?: string } {
  return entryKey.kind === 'instance' ? { key: entryKey.service, id: entryKey.id } : { key: entryKey.key };
}
