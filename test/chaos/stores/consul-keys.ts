import { type ConsulAgent } from '../../harness/consul.js';
import { type KeyChange } from '../recording/event.js';
import { type KeyLog, type KeyStore } from './key-store.js';

interface Found {
  readonly value: string;
  readonly session: string | undefined;
  readonly revision: number;
}

/** Keys in a Consul agent. */
export class ConsulKeys implements KeyStore {
  readonly name = 'consul';

  constructor(private readonly consul: ConsulAgent) {}

  get url(): string {
    return `consul://${this.consul.host}:${this.consul.port}`;
  }

  async read(key: string): Promise<string | undefined> {
    return (await this.look(key, 'consistent')).found?.value;
  }

  async write(key: string, value: string): Promise<void> {
    const encoded = Buffer.from(value).toString('base64');
    const set = { KV: { Verb: 'set', Key: key, Value: encoded } };
    // A plain write leaves the lock as it is: taken away first, so that nothing alive is behind the value.
    const body = [{ KV: { Verb: 'delete', Key: key } }, set];
    await this.consul.json('/v1/txn', { method: 'PUT', body });
  }

  async remove(key: string): Promise<void> {
    await this.consul.json(`/v1/kv/${encodeURIComponent(key)}`, { method: 'DELETE' });
  }

  async follow(key: string): Promise<KeyLog> {
    const changes: KeyChange[] = [];
    const ending = new AbortController();
    let seen = 0;
    let last: number | undefined;
    const look = async (query: string): Promise<void> => {
      const { found, index } = await this.look(key, query);
      seen = index;
      if (found?.revision === last) return;
      last = found?.revision;
      if (!found) changes.push({ key, kind: 'delete', revision: index });
      else {
        const { value, session, revision } = found;
        changes.push({
          key,
          kind: 'put',
          revision,
          value,
          ...(session === undefined ? {} : { lease: session }),
        });
      }
    };
    await look('consistent');
    changes.length = 0;
    const running = (async () => {
      while (!ending.signal.aborted) await look(`index=${seen}&wait=500ms`).catch(() => undefined);
    })();
    return {
      complete: false,
      end: async () => {
        ending.abort();
        await running;
        await look('consistent').catch(() => undefined);
        return changes;
      },
    };
  }

  private async look(
    key: string,
    query: string,
  ): Promise<{ readonly found: Found | undefined; readonly index: number }> {
    const answer = await this.consul.request(`/v1/kv/${encodeURIComponent(key)}?${query}`);
    if (answer.status !== 200 && answer.status !== 404)
      throw new Error(`Reading ${key} answered ${answer.status}: ${answer.text}`);
    const index = Number(answer.headers['x-consul-index'] ?? 0);
    if (answer.status === 404) return { found: undefined, index };
    const [kv] = JSON.parse(answer.text) as [{ Value: string | null; Session?: string; ModifyIndex: number }];
    const value = Buffer.from(kv.Value ?? '', 'base64').toString();
    return { found: { value, session: kv.Session, revision: kv.ModifyIndex }, index };
  }
}
