import { httpRequest } from './http.js';

/** A server's metrics in Prometheus's text format, at one moment. */
export class Metrics {
  private constructor(private readonly lines: readonly string[]) {}

  /** @param url `http://127.0.0.1:12381/metrics` */
  static async of(url: string): Promise<Metrics> {
    const { status, text } = await httpRequest(url);
    if (status !== 200) throw new Error(`${url} answered ${status}: ${text.slice(0, 300)}`);
    return new Metrics(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
  }

  /** The sum over all series of a name that carry these labels; 0 where there is none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return this.lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }
}

/** An etcd member's open work for its clients. */
export interface EtcdLoad {
  /** Watchers, those that lag too. */
  readonly watchers: number;
  /** Streams that are open, by method. */
  readonly watchStreams: number;
  readonly keepAliveStreams: number;
  /** Messages that were received so far on keepalive streams: one for each renewal. */
  readonly renewals: number;
}

/** @param metricsUrl of a member */
export async function etcdLoad(metricsUrl: string): Promise<EtcdLoad> {
  const metrics = await Metrics.of(`${metricsUrl}/metrics`);
  const open = (method: string): number =>
    metrics.sum('grpc_server_started_total', { grpc_method: method }) -
    metrics.sum('grpc_server_handled_total', { grpc_method: method });
  return {
    watchers:
      metrics.sum('etcd_debugging_mvcc_watcher_total') +
      metrics.sum('etcd_debugging_mvcc_slow_watcher_total'),
    watchStreams: open('Watch'),
    keepAliveStreams: open('LeaseKeepAlive'),
    renewals: metrics.sum('grpc_server_msg_received_total', { grpc_method: 'LeaseKeepAlive' }),
  };
}
