import { checkRecord, checkScope } from '../../registry/check-record.js';
import { type EntryKey, entryKeyOf, type EntryRecord } from '../../registry/entry-record.js';
import { type EntryChange, type Renewal, type Session, type WriteResult } from '../../registry/registry.js';
import { SessionGoneError } from '../../registry/session-gone.error.js';
import { type ConsulClient } from './client.js';
import { type InstanceWriter } from './instance-writer.js';
import { type KeyWriter } from './key-writer.js';
import { type OwnEntries } from './own-entries.js';
import { type OwnerId } from './owner.js';

/**
 * Checks that Consul responds, for sessions without entries.
 *
 * @throws the errors of {@link ConsulClient.call}
 */
export async function ping(client: ConsulClient, signal: AbortSignal): Promise<void> {
  const response = await client.call({ method: 'GET', path: '/status/leader' }, { signal });
  client.read(response, () => {
    const leader = response.json();
    if (typeof leader !== 'string') throw response.unexpected('the address of the leader', leader);
  });
}

/** Milliseconds that a renewal gets for each instance: ten times what an agent needs. */
const RENEWAL_TIMEOUT_MS = 10;

/** Most milliseconds of one write. Each of its requests has a deadline of its own, as soon as it is sent. */
const WRITE_TIMEOUT_MS = 30_000;

/**
 * A session of the port: TTL checks keep its instances alive, a Consul session keeps its keys. A renewal reports
 * instances that the agent has lost, so that they are registered again. Without its Consul session the whole session is
 * gone.
 */
export class ConsulSession implements Session {
  private ended: Promise<void> | undefined;
  private goneError: SessionGoneError | undefined;

  constructor(
    readonly id: OwnerId,
    private readonly client: ConsulClient,
    private readonly keys: KeyWriter,
    private readonly instances: InstanceWriter,
    private readonly own: OwnEntries,
  ) {}

  /** Seconds. Instances have the requested TTL; a session with keys alone has at least Consul's minimum of 10. */
  get ttl(): number {
    return this.keys.active && !this.instances.active ? this.keys.ttl : this.instances.ttl;
  }

  get renewTimeoutMs(): number {
    return Math.max(this.client.settings.givenTimeoutMs ?? 0, this.instances.size * RENEWAL_TIMEOUT_MS);
  }

  get writeTimeoutMs(): number {
    return WRITE_TIMEOUT_MS;
  }

  async renew(signal: AbortSignal): Promise<Renewal> {
    return await this.whileOpen(async () => {
      if (!this.keys.active && !this.instances.active) await ping(this.client, signal);
      const [missing] = await Promise.all([this.instances.renew(signal), this.keys.renew(signal)]);
      return { ttl: this.ttl, missing };
    });
  }

  async write(record: EntryRecord, version: string | undefined, signal: AbortSignal): Promise<WriteResult> {
    checkRecord(record);
    return await this.whileOpen(async () => {
      const entryKey = entryKeyOf(record);
      const entry = this.own.writing(entryKey);
      let result: WriteResult | undefined;
      try {
        result =
          record.kind === 'key'
            ? await this.keys.write(record, version, signal)
            : await this.instances.write(record, version, signal);
        return result;
      } finally {
        this.own.written(entry, result?.ok === true ? result.version : undefined);
        if (result?.ok === false && result.current && result.current.owner !== this.id)
          this.own.delete(entryKey);
      }
    });
  }

  async remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void> {
    checkScope(entryKey);
    if (this.ended) return;
    this.own.delete(entryKey);
    if (entryKey.kind === 'key') await this.keys.remove(entryKey, signal, version);
    else await this.instances.remove(entryKey, signal, version);
  }

  watch(signal: AbortSignal): AsyncIterable<readonly EntryChange[]> {
    return this.own.watch(signal);
  }

  async end(signal: AbortSignal): Promise<void> {
    this.ended ??= this.finish(signal).catch((error: unknown) => {
      this.ended = undefined;
      throw error;
    });
    await this.ended;
  }

  private async finish(signal: AbortSignal): Promise<void> {
    await Promise.all([this.keys.end(signal), this.instances.end(signal)]);
    this.own.close();
  }

  private async whileOpen<T>(run: () => Promise<T>): Promise<T> {
    if (this.ended) throw new SessionGoneError(this.client.url, this.id);
    if (this.goneError) throw this.goneError;
    try {
      return await run();
    } catch (error) {
      if (error instanceof SessionGoneError) {
        this.goneError = error;
        this.own.close();
      }
      throw error;
    }
  }
}
