/** TLS towards Consul. */
export interface ConsulTls {
  /** Path of a file with certificate authorities. */
  readonly caFile?: string;
  /** Path of a folder with such files. */
  readonly caPath?: string;
  /** Path of the client's certificate. */
  readonly certFile?: string;
  /** Path of the client's key. */
  readonly keyFile?: string;
  /** The name that the server's certificate is to have. */
  readonly serverName?: string;
  /** Whether the server's certificate is checked: true, unless the file or `CONSUL_HTTP_SSL_VERIFY` says otherwise. */
  readonly verify: boolean;
}

/** The Consul agent that a configuration names. */
export interface ConsulDescription {
  readonly kind: 'consul';
  /** IP address (v6 without brackets) or hostname. */
  readonly host: string;
  readonly port: number;
  /** Whether it is spoken to over TLS. */
  readonly secure: boolean;
  /** The ACL token. Never printed. */
  readonly token?: string;
  readonly tls: ConsulTls;
}

/** The etcd cluster that a configuration of ContainerPilot 2 names. */
export interface EtcdDescription {
  readonly kind: 'etcd';
  /** URLs, `http://10.0.0.1:2379`. */
  readonly endpoints: readonly string[];
  /** `/containerpilot` unless the file says otherwise. */
  readonly prefix: string;
}

/** The registry that a configuration names, as plain data. */
export type RegistryDescription = ConsulDescription | EtcdDescription;

/** A service to follow: one of `watches`, or of `backends` in ContainerPilot 2. */
export interface ContainerPilotWatch {
  readonly name: string;
  /** Seconds between two looks at the registry, which bound how stale a list may be. */
  readonly interval: number;
  readonly tag?: string;
  /** Consul datacenter. */
  readonly dc?: string;
}

/** A service to announce: one of `jobs` with a port, or of `services` in ContainerPilot 2. */
export interface ContainerPilotService {
  readonly name: string;
  /** The name and the hostname with a dash between, as ContainerPilot makes it. */
  readonly id: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  /** Specifications for `selectAddress`. */
  readonly interfaces: readonly string[];
  /** The state before the first health check; registered only after it when left out. */
  readonly initialStatus?: 'passing' | 'warning' | 'critical';
  readonly health: {
    /** Seconds between two checks. */
    readonly interval: number;
    /** Seconds that a passed check counts. */
    readonly ttl: number;
  };
  readonly consul: {
    readonly enableTagOverride: boolean;
    /** Milliseconds in the critical state after which Consul forgets the service. */
    readonly deregisterCriticalServiceAfter?: number;
  };
}

/** A ContainerPilot configuration, rendered, checked and made alike for both generations. Frozen. */
export interface ContainerPilotConfig {
  /** Path of the file; undefined where the configuration was given as text. */
  readonly file: string | undefined;
  /** 2 where it has `services`, `backends` and the like, 3 where it has `jobs` and `watches`. */
  readonly generation: 2 | 3;
  readonly registry: RegistryDescription;
  readonly watches: readonly ContainerPilotWatch[];
  readonly services: readonly ContainerPilotService[];
  /** What was let through and is worth a look, each with its place. */
  readonly warnings: readonly string[];
  /** Environment variables that the file's template read and that are not set. */
  readonly unsetVariables: readonly string[];
}
