import type { IResponseOp } from 'etcd3';
import { type EtcdCaller } from '../../etcd/request.js';
import { deferred, type Deferred } from '../../kernel/deferred.js';
import { type Change } from '../registry.js';
import { type EtcdLayout } from './layout.js';
import { saysEnded } from './session-record.js';

/** Why something went. */
export type Cause = Extract<Change, { kind: 'delete' }>['cause'];

/** A key that went at a revision, and the lease it was bound to. */
export interface Departure {
  readonly lease: string;
  readonly revision: bigint;
}

/** Departures looked up in one request: two reads each, of the 128 that etcd allows. */
const AT_ONCE = 60;

function label({ lease, revision }: Departure): string {
  return `${lease}@${revision}`;
}

interface Asked {
  readonly departure: Departure;
  readonly cause: Deferred<Cause>;
}

/**
 * Tells what was removed from what died, by the record of the session that held it: where it stood when the key went,
 * the key was removed; where it went with the key, its last value says whether the session ended or expired. History
 * alone decides, so every watcher comes to the same answer whenever it looks; and what all watches of a registry ask
 * at the same time is asked of the server together, and once.
 */
export class Departures {
  private readonly asked = new Map<string, Asked>();
  private looking = false;

  constructor(
    private readonly client: EtcdCaller,
    private readonly layout: EtcdLayout,
  ) {}

  /** Never rejects: what cannot be found out is `unknown`. */
  async causeOf(departure: Departure): Promise<Cause> {
    const id = label(departure);
    const asked = this.asked.get(id) ?? { departure, cause: deferred<Cause>() };
    this.asked.set(id, asked);
    if (!this.looking) void this.look();
    return await asked.cause.promise;
  }

  private async look(): Promise<void> {
    this.looking = true;
    // Those that ask with the same batch of events go along.
    await Promise.resolve();
    while (this.asked.size > 0) {
      const some = [...this.asked].slice(0, AT_ONCE);
      const found = await this.lookUp(some.map(([, { departure }]) => departure)).catch(() => []);
      for (const [index, [id, { cause }]] of some.entries()) {
        this.asked.delete(id);
        cause.resolve(found[index] ?? 'unknown');
      }
    }
    this.looking = false;
  }

  private async lookUp(departures: readonly Departure[]): Promise<readonly Cause[]> {
    const reads = departures.flatMap(({ lease, revision }) => {
      const key = Buffer.from(this.layout.recordOf(lease));
      return [revision, revision - 1n].map((at) => ({ request_range: { key, revision: String(at) } }));
    });
    const { responses } = await this.client.call({
      what: 'reading how sessions ended',
      run: async ({ kv }, options) => await kv.txn({ success: reads }, options),
    });
    return departures.map((_, index) => causeOf(responses[2 * index], responses[2 * index + 1]));
  }
}

function causeOf(after: IResponseOp | undefined, before: IResponseOp | undefined): Cause {
  if (after?.response_range.kvs[0]) return 'withdrawn';
  const record = before?.response_range.kvs[0];
  if (!record) return 'unknown';
  return saysEnded(record.value) ? 'withdrawn' : 'expired';
}
