import { type EtcdCaller } from '../../etcd-client/request.js';
import { type Change } from '../../registry/registry.js';
import { History } from './history.js';
import { type EtcdLayout } from './layout.js';
import { saysEnded } from './session-record.js';

/** Why something went. */
export type Cause = Extract<Change, { kind: 'delete' }>['cause'];

/** A key that went at a revision, and the lease it was bound to. */
export interface Departure {
  readonly lease: string;
  readonly revision: bigint;
}

/**
 * Tells what was removed from what died, by the record of the session that held it: where it stood when the key went,
 * the key was removed; where it went with the key, its last value says whether the session ended or expired. History
 * alone decides, so every watcher comes to the same answer whenever it looks.
 */
export class Departures {
  private readonly history: History;

  constructor(
    client: EtcdCaller,
    private readonly layout: EtcdLayout,
  ) {
    this.history = new History(client, 'reading how sessions ended', 2);
  }

  /** Never rejects: what cannot be found out is `unknown`. */
  async causeOf({ lease, revision }: Departure): Promise<Cause> {
    const key = Buffer.from(this.layout.recordOf(lease));
    try {
      const [after, before] = await this.history.read([
        { key, revision },
        { key, revision: revision - 1n },
      ]);
      if (after) return 'withdrawn';
      if (!before) return 'unknown';
      return saysEnded(before.value) ? 'withdrawn' : 'expired';
    } catch {
      return 'unknown';
    }
  }
}
