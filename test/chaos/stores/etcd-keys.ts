import { type EtcdCluster } from '../../harness/etcd.js';
import { httpJson } from '../../harness/http.js';
import { until } from '../../harness/wait.js';
import { type KeyChange } from '../recording/event.js';
import { Store } from '../scenarios/store.js';
import { type KeyLog, type KeyStore } from './key-store.js';

interface RangeAnswer {
  readonly header: { readonly revision: string };
  readonly kvs?: readonly { readonly value?: string }[];
}

/** Written below a key that is followed, to know that its history has been read to the end. */
const END = '/end-of-history';

/** Keys in an etcd cluster. Its history has every change. */
export class EtcdKeys implements KeyStore {
  readonly name = 'etcd';
  private readonly store: Store;

  constructor(
    private readonly etcd: EtcdCluster,
    /** Others than the cluster's own when applications go through proxies. */
    private readonly endpoints: readonly string[] = etcd.endpoints,
  ) {
    this.store = new Store(etcd);
  }

  get url(): string {
    return `etcd://${this.endpoints.join(',')}`;
  }

  async read(key: string): Promise<string | undefined> {
    const [found] = (await this.range(key)).kvs ?? [];
    return found && Buffer.from(found.value ?? '', 'base64').toString();
  }

  async write(key: string, value: string): Promise<void> {
    await this.store.writeSurely({ [key]: value });
  }

  async remove(key: string): Promise<void> {
    await this.store.writeSurely({ [key]: undefined });
  }

  async follow(key: string): Promise<KeyLog> {
    const from = Number((await this.range(key)).header.revision) + 1;
    return {
      complete: true,
      end: async () => {
        const to = await this.store.writeSurely({ [`${key}${END}`]: 'reached' });
        const changes = await this.store.history(key, from, to);
        return changes.filter((change): change is KeyChange => change.key === key);
      },
    };
  }

  private async range(key: string): Promise<RangeAnswer> {
    const member = this.etcd.members.find(({ running, paused }) => running && !paused);
    const body = { key: Buffer.from(key).toString('base64') };
    // A member may have to elect a leader at any time.
    return await until(
      'a read',
      async () =>
        await httpJson<RangeAnswer>(`${member?.url ?? ''}/v3/kv/range`, {
          method: 'POST',
          body,
          timeout: 5_000,
        }),
    );
  }
}
