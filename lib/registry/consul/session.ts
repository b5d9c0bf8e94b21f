import { SessionGoneError } from '../session-gone.error.js';
import { type Item, type Slot } from '../item.js';
import { type Renewal, type Session, type Written } from '../registry.js';
import { type ConsulClient } from './client.js';
import { type InstanceHolder } from './instance-holder.js';
import { type KeyHolder } from './key-holder.js';
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
 * One of our sessions: instances by their TTL checks, keys by a Consul session. Both can be lost one by one, so that a
 * renewal reports what is missing and the session itself goes on; only its end is final.
 */
export class ConsulSession implements Session {
  private ended: Promise<void> | undefined;

  constructor(
    readonly id: OwnerId,
    private readonly client: ConsulClient,
    private readonly keys: KeyHolder,
    private readonly instances: InstanceHolder,
  ) {}

  /** Checks have the TTL that was asked for; a session that holds keys alone has Consul's floor of 10 s. */
  get ttl(): number {
    return this.keys.active && !this.instances.active ? this.keys.ttl : this.instances.ttl;
  }

  async renew(signal: AbortSignal): Promise<Renewal> {
    this.checkOpen();
    if (!this.keys.active && !this.instances.active) await ping(this.client, signal);
    const [keys, instances] = await Promise.all([this.keys.renew(signal), this.instances.renew(signal)]);
    return { ttl: this.ttl, missing: [...keys, ...instances] };
  }

  async write(item: Item, version: string | undefined, signal: AbortSignal): Promise<Written> {
    this.checkOpen();
    return item.kind === 'key'
      ? await this.keys.write(item, version, signal)
      : await this.instances.write(item, version, signal);
  }

  async remove(slot: Slot, signal: AbortSignal): Promise<void> {
    if (this.ended) return;
    if (slot.kind === 'key') await this.keys.remove(slot, signal);
    else await this.instances.remove(slot, signal);
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

  private checkOpen(): void {
    if (this.ended) throw new SessionGoneError(this.client.url, this.id);
  }
}
