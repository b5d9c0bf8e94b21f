import http from 'node:http';
import { type EtcdCluster } from '../../harness/etcd.js';
import { httpJson } from '../../harness/http.js';
import { until } from '../../harness/wait.js';
import { type KeyChange } from '../recording/event.js';

interface JsonEvent {
  readonly type?: 'DELETE';
  readonly kv: {
    readonly key: string;
    readonly mod_revision: string;
    readonly value?: string;
    readonly lease?: string;
  };
}

interface JsonWatch {
  readonly result?: { readonly events?: readonly JsonEvent[]; readonly canceled?: boolean };
}

/** One write of several keys at once; `undefined` deletes. */
export type Writes = Readonly<Record<string, string | undefined>>;

/** Milliseconds a member may take to answer before the next is asked. */
const TIMEOUT = 1_000;

/** Milliseconds for what is asked once, of a cluster that is well. */
const PATIENT = 15_000;

/** The store itself, beside the library under test: writes, and reads the history that everything is judged by. */
export class Store {
  private turn = 0;

  constructor(private readonly etcd: EtcdCluster) {}

  /**
   * Writes all of it in one revision, at one member, once. What became of it after an error is for the history.
   *
   * @param lease what is written is bound to; none by default
   */
  async write(writes: Writes, lease = '0'): Promise<number> {
    const success = Object.entries(writes).map(([key, value]) =>
      value === undefined
        ? { request_delete_range: { key: base64(key) } }
        : { request_put: { key: base64(key), value: base64(value), lease } },
    );
    const { header } = await this.post<{ header: { revision: string } }>('/v3/kv/txn', { success });
    return Number(header.revision);
  }

  /** Writes until it is acknowledged, and returns the revision of the last try. */
  async writeSurely(writes: Writes, lease?: string): Promise<number> {
    return await until('a write to be acknowledged', async () => await this.write(writes, lease), {
      deadline: 30_000,
    });
  }

  /** Opens a lease of `ttl` seconds; it is never renewed. */
  async grant(ttl: number): Promise<string> {
    const { ID } = await this.post<{ ID: string }>('/v3/lease/grant', { TTL: String(ttl) }, PATIENT);
    return ID;
  }

  /** Ends a lease, and everything that is bound to it goes in one revision. */
  async revoke(lease: string): Promise<void> {
    await this.post('/v3/lease/revoke', { ID: lease }, PATIENT);
  }

  /** The keys that are bound to a lease. */
  async keysOf(lease: string): Promise<string[]> {
    const request = { ID: lease, keys: true };
    const { keys = [] } = await this.post<{ keys?: string[] }>('/v3/lease/timetolive', request, PATIENT);
    return keys.map((key) => Buffer.from(key, 'base64').toString());
  }

  /** Forgets history up to `revision`. */
  async compact(revision: number): Promise<void> {
    await until(
      'the compaction',
      async () => {
        await this.post('/v3/kv/compaction', { revision: String(revision), physical: true }).catch(
          (error: unknown) => {
            // An earlier try was carried out, though its answer was too late.
            if (!String(error).includes('has been compacted')) throw error;
          },
        );
        return true;
      },
      { deadline: 30_000 },
    );
  }

  /** The ids of all leases, asked of one member, once. */
  async leases(): Promise<string[]> {
    const { leases = [] } = await this.post<{ leases?: readonly { readonly ID: string }[] }>(
      '/v3/lease/leases',
      {},
    );
    return leases.map(({ ID }) => BigInt(ID).toString(16));
  }

  /** The current entries under a prefix, with the revision of the read. */
  async list(prefix: string): Promise<{ readonly revision: number; readonly entries: readonly KeyChange[] }> {
    return await until('a listing', async () => {
      const { header, kvs = [] } = await this.post<{
        header: { revision: string };
        kvs?: readonly JsonEvent['kv'][];
      }>('/v3/kv/range', range(prefix));
      return { revision: Number(header.revision), entries: kvs.map((kv) => change({ kv })) };
    });
  }

  /** Every change under a prefix from one revision to another, both included, in the store's order. */
  async history(prefix: string, from: number, to: number): Promise<KeyChange[]> {
    return await until('the history', async () => await readHistory(this.nextUrl(), prefix, from, to), {
      deadline: 60_000,
    });
  }

  private async post<T>(path: string, body: unknown, timeout = TIMEOUT): Promise<T> {
    return await httpJson<T>(`${this.nextUrl()}${path}`, { method: 'POST', body, timeout });
  }

  private nextUrl(): string {
    const { urls } = this.etcd;
    return urls[this.turn++ % urls.length]!;
  }
}

/** Follows a watch from the beginning until it has delivered revision `to`; its silence for 3 s is an error. */
async function readHistory(url: string, prefix: string, from: number, to: number): Promise<KeyChange[]> {
  return await new Promise<KeyChange[]>((resolve, reject) => {
    const found: KeyChange[] = [];
    const request = http.request(`${url}/v3/watch`, { method: 'POST', agent: false, timeout: 3_000 });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`${url} does not continue the history`)));
    request.on('response', (response) => {
      let rest = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('end', () => reject(new Error(`${url} ended the history before revision ${to}`)));
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const { result } = JSON.parse(line) as JsonWatch;
          if (result?.canceled) request.destroy(new Error(`${url} no longer has revision ${from}`));
          found.push(...(result?.events ?? []).map(change));
        }
        if ((found.at(-1)?.revision ?? 0) < to) return;
        resolve(found.filter(({ revision }) => revision <= to));
        request.destroy();
      });
    });
    request.end(JSON.stringify({ create_request: { ...range(prefix), start_revision: String(from) } }));
  });
}

function range(prefix: string): { readonly key: string; readonly range_end: string } {
  return { key: base64(prefix), range_end: base64(rangeEnd(prefix)) };
}

/** The end of all keys that begin with an ASCII prefix, exclusive. */
export function rangeEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

function change({ type, kv }: JsonEvent): KeyChange {
  const key = Buffer.from(kv.key, 'base64').toString();
  const revision = Number(kv.mod_revision);
  if (type === 'DELETE') return { key, kind: 'delete', revision };
  const value = Buffer.from(kv.value ?? '', 'base64').toString();
  return { key, kind: 'put', revision, value, ...(kv.lease === undefined ? {} : { lease: kv.lease }) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
