import { type EtcdCaller } from '../../etcd-client/request.js';
import { EtcdResponseError } from '../../etcd-client/errors/etcd-response.error.js';

/**
 * The record of a session: a key that lives exactly as long as its lease. It names the holder for operators. Its
 * revision is the fence of the session's writes: writing the record anew makes every write that is still on its way
 * fail. And its last value tells those who watch whether the session ended or died.
 */
export class SessionRecord {
  private fence: string | undefined;

  /** @param key where it is */
  constructor(
    private readonly client: EtcdCaller,
    readonly key: Buffer,
    private readonly lease: string,
    private readonly name: string | undefined,
  ) {}

  /** The revision that writes are to compare; undefined where the user may not keep a record here. */
  get revision(): string | undefined {
    return this.fence;
  }

  /**
   * The record was seen at `revision`, which is compared from now on. It may be an older one: the store was restored.
   * One that is out of date costs a write that fails and says what is right.
   */
  moved(revision: string): void {
    if (this.fence !== undefined) this.fence = revision;
  }

  /** What a transaction puts to fence off writes that are still on their way. */
  get renewal(): { readonly key: Buffer; readonly value: Buffer; readonly lease: string } {
    return { key: this.key, value: encode({ name: this.name }), lease: this.lease };
  }

  /**
   * Writes it for the first time. Where the user lacks the permission the session goes without.
   *
   * @returns whether there is one
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

  /** Says that the session ends of its own will. */
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

/** Whether a record's value says that its session ended of its own will. */
export function saysEnded(value: Buffer): boolean {
  try {
    return (JSON.parse(value.toString()) as { ended?: unknown } | null)?.ended === true;
  } catch {
    return false;
  }
}
