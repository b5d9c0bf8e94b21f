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

/** The raw clients of one endpoint. Each method makes one attempt, without retries and without a default deadline. */
export interface EtcdConnection {
  /** The URL, without credentials. */
  readonly endpoint: string;
  /** The certificates it was made with; undefined without TLS options. */
  readonly certificates?: TlsMaterial;
  /** The proxy it connects through, for messages. */
  readonly proxy?: string;
  readonly kv: KVClient;
  readonly lease: LeaseClient;
  readonly watch: WatchClient;
  readonly cluster: ClusterClient;
  readonly maintenance: MaintenanceClient;
  readonly auth: AuthClient;
  /** Closes the socket once calls in flight have ended. A socket that is still connecting does not keep the process alive. */
  close(): void;
}

/** Makes the connection of an endpoint. The socket is opened by the first call. */
export type Connect = (endpoint: string) => EtcdConnection;

type FaultPolicy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

type Run = (context: { signal: AbortSignal }) => unknown;

const execute = async (run: Run): Promise<unknown> => await run({ signal: new AbortController().signal });

/** Makes etcd3 run each call exactly once. Retries and circuit breaking are up to this client. */
const ONCE = { execute } as unknown as FaultPolicy;

/**
 * Like {@link ONCE}, and removes etcd3's mark for recoverable errors. On a marked error, even the timeout of a single
 * call, etcd3 would close the whole connection.
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

/** etcd closes connections that ping more often than every five seconds. */
const KEEPALIVE_TIME_MS = 10_000;
const KEEPALIVE_TIMEOUT_MS = 5_000;

/** Longer than any failed connection lives. */
const NEVER_MS = 3_600_000;

/** Private members of an `Etcd3` client. */
interface Internals {
  readonly pool: { readonly hosts: readonly { readonly channelCredentials?: unknown }[] };
}

let connections = 0;

function channelOptions(tls: EtcdTls | undefined, proxied: boolean): NonNullable<IOptions['grpcOptions']> {
  return {
    // By default gRPC uses `http_proxy`, which is seldom meant for servers in the same network.
    'grpc.enable_http_proxy': proxied ? 1 : 0,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': KEEPALIVE_TIME_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.service_config_disable_resolution': 1,
    // Bytes in flight. The default of 64 KiB limits a connection to 5 Mbit/s at a round trip of 100 ms. With a much larger
    // window, responses to renewals would wait behind a long list whose request was aborted.
    'grpc-node.flow_control_window': 262_144,
    // The pool replaces a failed connection. gRPC itself would keep reconnecting the old one, even after it was closed.
    'grpc.initial_reconnect_backoff_ms': NEVER_MS,
    'grpc.max_reconnect_backoff_ms': NEVER_MS,
    // A retry by gRPC would send a one-shot request twice.
    'grpc.enable_retries': 0,
    // Channels with equal options share a socket. A unique option gives each connection its own socket, so that closing
    // the connection closes the socket.
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
 * Makes connections with `etcd3`: one `Etcd3` client per endpoint, with the certificates that are current at that moment.
 *
 * @param proxy `env` connects through the proxy that the environment names
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
