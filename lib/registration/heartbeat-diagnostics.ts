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
  const subject =
    entryKey.kind === 'instance' ? { key: entryKey.service, id: entryKey.id } : { key: entryKey.key };
  CHANNELS[channel].publish(
    Object.freeze({ applicationId, ...subject, ...(reason === undefined ? {} : { reason }) }),
  );
}
