/** TLS options of the connection to Consul. */
export interface ConsulTls {
  /** Path of a PEM file with certificate authorities. */
  readonly caFile?: string;
  /** Path of a folder with such files. */
  readonly caPath?: string;
  /** Path of the client's certificate. */
  readonly certFile?: string;
  /** Path of the client's key. */
  readonly keyFile?: string;
  /** The name to verify in the server's certificate. */
  readonly serverName?: string;
  /** Whether the server's certificate is verified. True unless the file or `CONSUL_HTTP_SSL_VERIFY` disables it. */
  readonly verify: boolean;
}

/** The Consul agent of a configuration. */
export interface ConsulDescription {
  readonly kind: 'consul';
  /** IP address (v6 without brackets) or hostname. */
  readonly host: string;
  readonly port: number;
  /** Whether the connection uses TLS. */
  readonly secure: boolean;
  /** The ACL token. Never printed. */
  readonly token?: string;
  readonly tls: ConsulTls;
}

/** The etcd cluster of a configuration of ContainerPilot 2. */
export interface EtcdDescription {
  readonly kind: 'etcd';
  /** URLs such as `http://10.0.0.1:2379`. */
  readonly endpoints: readonly string[];
  /** Prefix of all keys. `/containerpilot` unless the file sets another. */
  readonly prefix: string;
}

/** The registry of a configuration. */
export type RegistryDescription = ConsulDescription | EtcdDescription;

/** A service to discover: an element of `watches`, or of `backends` in ContainerPilot 2. */
export interface ContainerPilotWatch {
  readonly name: string;
  /** Seconds between two requests to the registry. A list is at most that stale. */
  readonly interval: number;
  readonly tag?: string;
  /** Consul datacenter. */
  readonly dc?: string;
}

/** A service to register: an element of `jobs` with a port, or of `services` in ContainerPilot 2. */
export interface ContainerPilotService {
  readonly name: string;
  /** Name and hostname, joined by a dash, as in ContainerPilot. */
  readonly id: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  /** Interface specifications for `selectAddress`. */
  readonly interfaces: readonly string[];
  /** The status before the first health check. Without it the service is registered after its first passed check. */
  readonly initialStatus?: 'passing' | 'warning' | 'critical';
  readonly health: {
    /** Seconds between two checks. */
    readonly interval: number;
    /** Seconds for which a passed check is valid. */
    readonly ttl: number;
  };
  readonly consul: {
    readonly enableTagOverride: boolean;
    /** Seconds in the critical state after which Consul deregisters the service. */
    readonly deregisterCriticalServiceAfter?: number;
  };
}

/** A ContainerPilot configuration: rendered, validated, and the same for both generations. Frozen. */
export interface ContainerPilotConfig {
  /** Path of the file. Undefined for a configuration that was given as a string. */
  readonly file: string | undefined;
  /** 2 for a configuration with `services`, `backends` or other names of ContainerPilot 2, else 3. */
  readonly generation: 2 | 3;
  readonly registry: RegistryDescription;
  readonly watches: readonly ContainerPilotWatch[];
  readonly services: readonly ContainerPilotService[];
  /** Warnings, each with its position. */
  readonly warnings: readonly string[];
  /** Environment variables that the template reads but that are not set. */
  readonly unsetVariables: readonly string[];
}
