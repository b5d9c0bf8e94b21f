import { type EtcdCaller } from '../../etcd-client/request.js';
import { type Change } from '../../registry/registry.js';
import { History } from './history.js';
import { type EtcdLayout } from './etcd-layout.js';
import { isEndedRecord } from './session-record.js';

/** Why an entry was deleted. */
export type DeletionCause = Extract<Change, { kind: 'delete' }>['cause'];

/** A key that was deleted at a revision, and the lease it was bound to. */
export interface Deletion {
  readonly lease: string;
  readonly revision: bigint;
}

/**
 * Distinguishes a removed key from an expired one by the record of the session that owned it. If the record still
 * existed when the key was deleted, the key was removed. If the record was deleted at the same revision, its last value
 * shows whether the session ended or expired. The decision depends on etcd's history alone, so all watchers reach the
 * same answer, no matter when they ask.
 */
export class DeletionCauses {
  private readonly history: History;

  constructor(
    client: EtcdCaller,
    private readonly layout: EtcdLayout,
  ) {
    this.history = new History(client, 'reading how sessions ended', 2);
  }

  /** The cause of a deletion, `unknown` if it cannot be determined. Never rejects. */
  async causeOf({ lease, revision }: Deletion): Promise<DeletionCause> {
    const key = Buffer.from(this.layout.sessionKeyOf(lease));
    try {
      const [after, before] = await this.history.read([
        { key, revision },
        { key, revision: revision - 1n },
      ]);
      if (after) return 'withdrawn';
      if (!before) return 'unknown';
      return isEndedRecord(before.value) ? 'withdrawn' : 'expired';
    } catch {
      return 'unknown';
    }
  }
}
