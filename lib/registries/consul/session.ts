import { SessionGoneError } from '../../registry/session-gone.error.js';
import { checkRecord, checkScope } from '../../registry/check-record.js';
import { type EntryRecord, type EntryKey } from '../../registry/entry-record.js';
import { type Renewal, type Session, type WriteResult } from '../../registry/registry.js';
import { type ConsulClient } from './client.js';
import { type InstanceWriter } from './instance-writer.js';
import { type KeyWriter } from './key-writer.js';
import { type OwnerId } from './owner.js';

/** Asks whether anything answers at all, for sessions that hold nothing yet. */
export async function ping(client: ConsulClient, signal: AbortSignal): Promise<void> {
  const answer = await client.call({ method: 'GET', path: '/status/leader' }, { signal });
  client.read(answer, () => {
    const leader = answer.json();
    if (typeof leader !== 'string') throw answer.unexpected('the address of the leader', leader);
  });
}

/**
 * One of our sessions: instances by their TTL checks, keys by a Consul session. Instances that the agent has lost are
 * reported by a renewal and written again; with its Consul session the whole session is over.
 */
export class ConsulSession implements Session {
  private ended: Promise<void> | undefined;
  private gone: SessionGoneError | undefined;

  constructor(
    readonly id: OwnerId,
    private readonly client: ConsulClient,
    private readonly keys: KeyWriter,
    private readonly instances: InstanceWriter,
  ) {}

  /** Checks have the TTL that was asked for; a session that holds keys alone has at least Consul's floor of 10 s. */
  get ttl(): number {
    return this.keys.active && !this.instances.active ? this.keys.ttl : this.instances.ttl;
  }

  get renewTimeoutMs(): number {
    return this.client.settings.givenTimeout ?? 0;
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
    return await this.whileOpen(async () =>
      record.kind === 'key'
        ? await this.keys.write(record, version, signal)
        : await this.instances.write(record, version, signal),
    );
  }

  async remove(entryKey: EntryKey, signal: AbortSignal, version?: string): Promise<void> {
    checkScope(entryKey);
    if (this.ended) return;
    if (entryKey.kind === 'key') await this.keys.remove(entryKey, signal, version);
    else await this.instances.remove(entryKey, signal, version);
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
  }

  private async whileOpen<T>(run: () => Promise<T>): Promise<T> {
    if (this.ended) throw new SessionGoneError(this.client.url, this.id);
    if (this.gone) throw this.gone;
    try {
      return await run();
    } catch (error) {
      if (error instanceof SessionGoneError) this.gone = error;
      throw error;
    }
  }
}
