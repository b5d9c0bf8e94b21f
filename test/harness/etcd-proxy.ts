import { join } from 'node:path';
import { binary } from './binaries.js';
import { httpJson } from './http.js';
import { freePorts } from './ports.js';
import { ServerProcess } from './server-process.js';
import { removeFolder, tempFolder } from './temp.js';
import { until } from './wait.js';

/** A running `etcd grpc-proxy`. */
export class EtcdProxy {
  constructor(
    private readonly process: ServerProcess,
    private readonly folder: string,
    /** `127.0.0.1:port`. */
    readonly endpoint: string,
  ) {}

  get url(): string {
    return `http://${this.endpoint}`;
  }

  /** Its output so far. */
  log(): string {
    return this.process.log();
  }

  /** SIGSTOP: connections stay open, nothing answers. */
  async pause(): Promise<void> {
    await this.process.pause();
  }

  /** SIGCONT. */
  resume(): void {
    this.process.resume();
  }

  /** Kills it, paused or not. */
  async stop(): Promise<void> {
    await this.process.kill();
    await removeFolder(this.folder);
  }
}

/** Starts etcd's gRPC proxy, of the same program, before these members; resolves when it serves. */
export async function startEtcdProxy(
  { endpoints }: { readonly endpoints: readonly string[] },
  version: '3.5' | '3.4' = '3.5',
): Promise<EtcdProxy> {
  const program = await binary(version === '3.4' ? 'etcd34' : 'etcd');
  const folder = await tempFolder('etcd-proxy');
  const [port] = await freePorts(1);
  const endpoint = `127.0.0.1:${port}`;
  const args = [
    'grpc-proxy',
    'start',
    `--endpoints=${endpoints.join(',')}`,
    `--listen-addr=${endpoint}`,
    `--advertise-client-url=${endpoint}`,
  ];
  const process = ServerProcess.start(program, args, join(folder, 'log'));
  const proxy = new EtcdProxy(process, folder, endpoint);
  try {
    await until('the proxy to serve', async () => {
      if (!process.running) throw new Error(`The proxy ended while it was waited for:\n${proxy.log()}`);
      const answer = await httpJson<{ health: string }>(`${proxy.url}/health`, { timeout: 1_000 }).catch(
        () => undefined,
      );
      return answer?.health === 'true';
    });
    return proxy;
  } catch (error) {
    await proxy.stop();
    throw error;
  }
}
