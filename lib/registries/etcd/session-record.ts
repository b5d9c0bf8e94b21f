import { type EtcdCaller } from '../../etcd-client/request.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';

/**
 * The record of a session: a key bound to the session's lease. It names the process for operators. Its revision fences
 * the session's writes: rewriting the record makes every write in flight fail. Its last value shows watchers whether the
 * session ended or expired.
 */
export class SessionRecord {
  private fence: string | undefined;

  /** @param key etcd key of the record */
  constructor(
    private readonly client: EtcdCaller,
    readonly key: Buffer,
    private readonly lease: string,
    private readonly name: string | undefined,
  ) {}

  /** The revision that writes must compare; undefined if the user lacks permission to write the record. */
  get revision(): string | undefined {
    return this.fence;
  }

  /**
   * Sets the revision that writes compare from now on. It may be lower than before, after a restore of the store. With an
   * outdated one, the next write fails and its response has the current one.
   */
  fenceMoved(revision: string): void {
    if (this.fence !== undefined) this.fence = revision;
  }

  /** The put with which a transaction fences writes in flight. */
  get renewal(): { readonly key: Buffer; readonly value: Buffer; readonly lease: string } {
    return { key: this.key, value: encode({ name: this.name }), lease: this.lease };
  }

  /**
   * Creates the record.
   *
   * @returns false if the user lacks permission; the session then works without a record
   * @throws as {@link EtcdCaller.call}
   */
  async open(signal: AbortSignal): Promise<boolean> {
    try {
      const { header } = await this.client.call(
        {
          what: `recording session ${this.lease}`,
          run: async ({ kv }, options) => await kv.put(this.renewal, options),
        },
        signal,
      );
      this.fence = header.revision;
      return true;
    } catch (error) {
      if (!(error instanceof EtcdResponseError && error.permissionDenied)) throw error;
      return false;
    }
  }

  /**
   * Marks the session as ended, so that watchers do not report its entries as expired.
   *
   * @throws as {@link EtcdCaller.call}
   */
  async end(signal: AbortSignal): Promise<void> {
    if (this.fence === undefined) return;
    await this.client.call(
      {
        what: `ending session ${this.lease}`,
        run: async ({ kv }, options) =>
          await kv.put({ ...this.renewal, value: encode({ name: this.name, ended: true }) }, options),
      },
      signal,
    );
  }
}

function encode(record: { readonly name: string | undefined; readonly ended?: boolean }): Buffer {
  return Buffer.from(JSON.stringify(record));
}

/** Whether the value of a record marks its session as ended. */
export function isEndedRecord(value: Buffer): boolean {
  try {
    return (JSON.parse(value.toString()) as { ended?: unknown } | null)?.ended === true;
  } catch {
    return false;
  }
}
