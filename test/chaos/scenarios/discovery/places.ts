import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConsulAgent, type ConsulOptions, startConsul } from '../../../harness/consul.js';
import { type EtcdCluster, type EtcdOptions } from '../../../harness/etcd.js';
import { TcpProxy } from '../../../harness/proxy.js';
import { removeFolder, tempFolder } from '../../../harness/temp.js';
import { until } from '../../../harness/wait.js';
import { type Stage } from '../stage.js';
import { Store } from '../store.js';
import { type Marks } from './churn.js';
import { instanceWrites } from './etcd-instances.js';

/** A way into a registry for one application, with what lies on it. */
export interface Way {
  readonly url: string;
  readonly proxies: readonly TcpProxy[];
}

/** A registry that a scenario plays on: it writes past the library, and gives applications their ways in. */
export interface Place {
  /** One more way in. */
  way(): Promise<Way>;
  /** Sets and removes instances, and resolves once that is so. */
  write(service: string, marks: Marks): Promise<void>;
}

/** An etcd cluster as a place. */
export class EtcdPlace implements Place {
  readonly store: Store;

  private constructor(
    private readonly stage: Stage,
    readonly etcd: EtcdCluster,
  ) {
    this.store = new Store(etcd);
  }

  static async open(stage: Stage, options: EtcdOptions = {}): Promise<EtcdPlace> {
    return new EtcdPlace(stage, await stage.etcd(options));
  }

  async way(): Promise<Way> {
    const proxies = await this.stage.proxies(this.etcd);
    return { url: `etcd://${proxies.map(({ endpoint }) => endpoint).join(',')}`, proxies };
  }

  async write(service: string, marks: Marks): Promise<void> {
    await this.store.writeSurely(instanceWrites(service, marks));
  }
}

/** A node that only the catalogue knows: no agent keeps it in step with anything. */
const NODE = { Node: 'elsewhere', Address: '127.0.0.9' };

/** A Consul agent as a place. */
export class ConsulPlace implements Place {
  private constructor(
    private readonly stage: Stage,
    readonly agent: ConsulAgent,
  ) {}

  static async open(stage: Stage, options: ConsulOptions = {}): Promise<ConsulPlace> {
    const agent = await startConsul(options);
    stage.atEnd(async () => await agent.stop());
    return new ConsulPlace(stage, agent);
  }

  /** @param query of the URL: `?token=…` */
  async way(query = ''): Promise<Way> {
    const proxy = await TcpProxy.to(this.agent);
    this.stage.atEnd(async () => await proxy.stop());
    return { url: `consul://${proxy.endpoint}${query}`, proxies: [proxy] };
  }

  /** One instance after the other. */
  async write(service: string, marks: Marks): Promise<void> {
    for (const [id, n] of Object.entries(marks)) {
      const [path, body] =
        n === undefined
          ? ['/v1/catalog/deregister', { ...NODE, ServiceID: id }]
          : [
              '/v1/catalog/register',
              {
                ...NODE,
                Service: { ID: id, Service: service, Address: '127.0.0.1', Port: 8_080, Meta: { n } },
              },
            ];
      await until(
        'Consul to take a write',
        async () => await this.agent.json(path, { method: 'PUT', body }),
        {
          deadline: 30_000,
        },
      );
    }
  }
}

/** A folder as a place; its entries have no owner, as if written by hand. */
export class FilePlace implements Place {
  private written = 0;

  private constructor(readonly folder: string) {}

  static async open(stage: Stage): Promise<FilePlace> {
    const folder = await tempFolder('chaos');
    stage.atEnd(async () => await removeFolder(folder));
    return new FilePlace(folder);
  }

  async way(): Promise<Way> {
    return await Promise.resolve({ url: `file:${this.folder}`, proxies: [] });
  }

  /** One instance after the other, each by a rename. */
  async write(service: string, marks: Marks): Promise<void> {
    const folder = join(this.folder, 'services', service);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const [id, n] of Object.entries(marks)) {
      const file = join(folder, `${id}.json`);
      if (n === undefined) await rm(file, { force: true });
      else await this.put(file, { service, id, address: '127.0.0.1', port: 8_080, meta: { n } });
    }
  }

  private async put(file: string, instance: object): Promise<void> {
    const temporary = join(this.folder, `by-hand-${++this.written}`);
    await writeFile(temporary, JSON.stringify({ format: 1, instance }), { mode: 0o600 });
    await rename(temporary, file);
  }
}
