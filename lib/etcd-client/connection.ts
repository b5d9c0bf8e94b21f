import type {
  AuthClient,
  ClusterClient,
  Etcd3,
  IOptions,
  KVClient,
  LeaseClient,
  MaintenanceClient,
  WatchClient,
} from 'etcd3';
import { ConnectingSockets } from './connecting-sockets.js';
import { isSecure, proxyOf, targetOf } from './endpoint.js';
import { type Etcd3Module } from './load-etcd3.js';
import { type TlsMaterial } from '../common/tls/tls-identity.js';
import { type EtcdTls } from './tls.js';

/** The raw clients of one endpoint. Each method makes one attempt: nothing is retried, and nothing has a deadline of its own. */
export interface EtcdConnection {
  /** The URL, without credentials. */
  readonly endpoint: string;
  /** The certificates it shows and trusts, where there are any. */
  readonly certificates?: TlsMaterial;
  /** The proxy it goes through, for messages. */
  readonly proxy?: string;
  readonly kv: KVClient;
  readonly lease: LeaseClient;
  readonly watch: WatchClient;
  readonly cluster: ClusterClient;
  readonly maintenance: MaintenanceClient;
  readonly auth: AuthClient;
  /** Lets calls in flight end and the socket close. One that is still connecting keeps no process alive. */
  close(): void;
}

/** Makes the connection object of an endpoint; connects to nothing yet. */
export type Connect = (endpoint: string) => EtcdConnection;

type FaultPolicy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

type Run = (context: { signal: AbortSignal }) => unknown;

const execute = async (run: Run): Promise<unknown> => await run({ signal: new AbortController().signal });

/** Retrying and ejecting are this library's own: etcd3 is to do each call exactly once. */
const ONCE = { execute } as unknown as FaultPolicy;

/**
 * As is the end of a connection: at an error that bears etcd3's own mark, also of a single call whose answer was only
 * late, it would close all there is of it.
 */
function onceUnmarked({ RecoverableError }: Etcd3Module): FaultPolicy {
  const unmarked = async (run: Run): Promise<unknown> => {
    try {
      return await execute(run);
    } catch (error) {
      if (error instanceof Error) Reflect.deleteProperty(error, RecoverableError);
      throw error;
    }
  };
  return { execute: unmarked } as unknown as FaultPolicy;
}

/** Ten seconds, since etcd takes pings more often than every five for an attack. */
const KEEPALIVE_TIME_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;

/** Milliseconds beyond the life of any connection that has failed. */
const NEVER_MS = 3_600_000;

/** What `etcd3` keeps to itself of a client. */
interface Internals {
  readonly pool: { readonly hosts: readonly { readonly channelCredentials?: unknown }[] };
}

let connections = 0;

function channelOptions(tls: EtcdTls | undefined, proxied: boolean): NonNullable<IOptions['grpcOptions']> {
  return {
    // Left to itself gRPC obeys `http_proxy`, which is seldom meant for the servers of one's own network.
    'grpc.enable_http_proxy': proxied ? 1 : 0,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.service_config_disable_resolution': 1,
    // Bytes on their way at a time. The default of 64 KiB carries 5 Mbit/s at a round trip of 100 ms; much more would
    // make the answers to renewals wait behind a list that was given up.
    'grpc-node.flow_control_window': 262_144,
    // A connection that has failed is left for a new one, when its owner says so; gRPC would try the old one again and
    // again beside it, also long after it was closed.
    'grpc.initial_reconnect_backoff_ms': NEVER_MS,
    'grpc.max_reconnect_backoff_ms': NEVER_MS,
    // A retry below would send a one-shot request twice.
    'grpc.enable_retries': 0,
    // Channels with equal options share a socket: a number of its own gives each connection its own, so that
    // closing one really leaves a dead socket.
    'sidekick.connection': (connections += 1),
    ...(tls?.serverName === undefined
      ? {}
      : {
          'grpc.ssl_target_name_override': tls.serverName,
          'grpc.default_authority': tls.serverName,
        }),
  };
}

/**
 * Makes connections over `etcd3`, one client an endpoint, each with the certificates there are by then.
 *
 * @param proxy `env`: through the proxy that the environment names
 */
export function etcd3Connect(etcd3: Etcd3Module, tls: EtcdTls | undefined, proxy?: 'env'): Connect {
  const { Etcd3 } = etcd3;
  const policy = onceUnmarked(etcd3);
  return (endpoint) => {
    const certificates = tls?.identity.current;
    const { ca, cert, key } = certificates ?? {};
    const via = proxy && proxyOf(endpoint);
    const client: Etcd3 = new Etcd3({
      hosts: targetOf(endpoint),
      ...(isSecure(endpoint)
        ? {
            credentials: {
              rootCertificate: ca,
              privateKey: key,
              certChain: cert,
            } as NonNullable<IOptions['credentials']>,
          }
        : {}),
      grpcOptions: channelOptions(tls, via !== undefined),
      faultHandling: { global: ONCE, host: () => policy },
    });
    const { pool } = client as unknown as Internals;
    const sockets = new ConnectingSockets(pool.hosts[0]?.channelCredentials);
    return {
      endpoint,
      ...(certificates && { certificates }),
      ...(via && { proxy: via.label }),
      kv: client.kv,
      lease: client.leaseClient,
      watch: client.watchClient,
      cluster: client.cluster,
      maintenance: client.maintenance,
      auth: client.auth,
      close: () => {
        client.close();
        sockets.release();
      },
    };
  };
}

/** Adds the proxy of a connection to a failure reason, unless the reason is etcd's own. */
export function throughProxy({ proxy }: EtcdConnection, reason: string): string {
  if (proxy === undefined || reason.startsWith('etcdserver:')) return reason;
  // gRPC gives no reason when a proxy refuses the tunnel.
  return `${reason === 'undefined' ? 'no connection' : reason} (through ${proxy})`;
}
